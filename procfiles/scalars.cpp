#include "procfiles/scalars.hpp"

#include "procfiles/limits.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cmath>
#include <csignal>
#include <limits>

namespace pandora::procfiles {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes a decimal number off the front of `text`. Without the digit test "inf", "nan" and ".5" would be
/// numbers.
std::optional<double> take_number(std::string_view& text)
{
    double value = 0;
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{} || !is_digit(end[-1])) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

std::string_view take_letters(std::string_view& text)
{
    const auto end =
        std::find_if_not(text.begin(), text.end(), [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; });
    const auto letters = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(letters.size());
    return letters;
}

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array time_units{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000},
                                Unit{"ms", 1}};

constexpr std::array size_units{Unit{"", 1},     Unit{"b", 1},      Unit{"kb", 1e3},      Unit{"mb", 1e6},
                                Unit{"gb", 1e9}, Unit{"kib", 1024}, Unit{"mib", 1 << 20}, Unit{"gib", 1 << 30}};

template <std::size_t count>
std::optional<double> factor_of(const std::array<Unit, count>& units, std::string_view name)
{
    const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == name; });
    if (unit == units.end()) return std::nullopt;
    return unit->factor;
}

/// The sum of `1h30m` in milliseconds; a bare number is seconds, but not behind a unit: `1m30` is more likely
/// a slip.
std::optional<double> sum_of_parts(std::string_view text)
{
    double sum = 0;
    bool first = true;
    do {
        const auto value = take_number(text);
        if (!value) return std::nullopt;
        const std::string_view unit = take_letters(text);
        const auto factor = factor_of(time_units, unit.empty() && first && text.empty() ? "s" : unit);
        if (!factor) return std::nullopt;
        sum += *value * *factor;
        first = false;
    } while (!text.empty());
    return sum;
}

struct SignalName {
    std::string_view name;
    int number;
};

constexpr std::array signal_names{
    SignalName{"hup", SIGHUP},       SignalName{"int", SIGINT},   SignalName{"quit", SIGQUIT},
    SignalName{"ill", SIGILL},       SignalName{"trap", SIGTRAP}, SignalName{"abrt", SIGABRT},
    SignalName{"bus", SIGBUS},       SignalName{"fpe", SIGFPE},   SignalName{"kill", SIGKILL},
    SignalName{"usr1", SIGUSR1},     SignalName{"segv", SIGSEGV}, SignalName{"usr2", SIGUSR2},
    SignalName{"pipe", SIGPIPE},     SignalName{"alrm", SIGALRM}, SignalName{"term", SIGTERM},
    SignalName{"chld", SIGCHLD},     SignalName{"cont", SIGCONT}, SignalName{"stop", SIGSTOP},
    SignalName{"tstp", SIGTSTP},     SignalName{"ttin", SIGTTIN}, SignalName{"ttou", SIGTTOU},
    SignalName{"urg", SIGURG},       SignalName{"xcpu", SIGXCPU}, SignalName{"xfsz", SIGXFSZ},
    SignalName{"vtalrm", SIGVTALRM}, SignalName{"prof", SIGPROF}, SignalName{"winch", SIGWINCH},
    SignalName{"io", SIGIO},         SignalName{"pwr", SIGPWR},   SignalName{"sys", SIGSYS},
};

constexpr int signal_max = 64; // of Linux, real-time signals included

/// Letters, digits, dots and dashes: a host's name or an IPv4 address. Whether it exists shows when it is
/// bound.
bool is_host(std::string_view text)
{
    const auto allowed = [](char c) {
        return is_digit(c) || c == '.' || c == '-' || (lower(c) >= 'a' && lower(c) <= 'z');
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool is_ipv6(std::string_view text)
{
    const auto allowed = [](char c) {
        return is_digit(c) || c == ':' || c == '.' || (lower(c) >= 'a' && lower(c) <= 'f');
    };
    return text.find(':') != std::string_view::npos && std::all_of(text.begin(), text.end(), allowed);
}

} // namespace

std::string lowered(std::string_view text)
{
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

std::optional<std::uint16_t> parse_port(std::string_view text)
{
    const auto number = parse_count(text);
    if (!number || *number > 65'535) return std::nullopt;
    return static_cast<std::uint16_t>(*number);
}

std::optional<std::int64_t> parse_integer(std::string_view text)
{
    const bool negative = text.starts_with('-');
    const auto size = parse_count(negative ? text.substr(1) : text);
    if (!size || *size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return negative ? -static_cast<std::int64_t>(*size) : static_cast<std::int64_t>(*size);
}

std::optional<unsigned> parse_octal(std::string_view text)
{
    constexpr unsigned octal_max = 07777;
    if (text.starts_with("0o")) text.remove_prefix(2);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > octal_max)
        return std::nullopt;
    return value;
}

bool is_numeric_host(std::string_view text)
{
    const std::string host{text};
    in6_addr address{};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1 || ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::optional<Millis> parse_duration(std::string_view text)
{
    const auto sum = sum_of_parts(text);
    if (!sum || *sum > static_cast<double>(duration_max.count())) return std::nullopt;
    const Millis rounded{std::llround(*sum)};
    if (rounded == Millis{0} && *sum > 0) return std::nullopt;
    return rounded;
}

std::optional<std::uint64_t> parse_size(std::string_view text)
{
    constexpr double bytes_max = 1e15; // far above any limit, and still exact in a double
    const auto value = take_number(text);
    if (!value) return std::nullopt;
    const auto factor = factor_of(size_units, lowered(text));
    if (!factor || *value * *factor > bytes_max) return std::nullopt;
    return static_cast<std::uint64_t>(*value * *factor);
}

std::optional<std::uint64_t> parse_count(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<double> parse_number(std::string_view text)
{
    const auto value = take_number(text);
    if (!text.empty()) return std::nullopt;
    return value;
}

std::optional<bool> parse_switch(std::string_view text)
{
    const std::string word = lowered(text);
    if (word == "true" || word == "yes" || word == "on") return true;
    if (word == "false" || word == "no" || word == "off") return false;
    return std::nullopt;
}

std::optional<int> parse_signal(std::string_view text)
{
    if (const auto number = parse_count(text)) {
        if (*number < 1 || *number > signal_max) return std::nullopt;
        return static_cast<int>(*number);
    }
    std::string name = lowered(text);
    if (name.starts_with("sig")) name.erase(0, 3);
    for (const SignalName& signal : signal_names)
        if (signal.name == name) return signal.number;
    return std::nullopt;
}

std::optional<Endpoint> parse_endpoint(std::string_view text)
{
    const std::string_view loopback = "127.0.0.1";
    const std::size_t colon = text.rfind(':');
    const bool bare = colon == std::string_view::npos;
    const auto port = parse_port(bare ? text : text.substr(colon + 1));
    if (!port) return std::nullopt;

    std::string_view host = bare || colon == 0 ? loopback : text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        if (!is_ipv6(host)) return std::nullopt;
    } else if (!is_host(host)) {
        return std::nullopt;
    }
    return Endpoint{std::string{host}, *port};
}

} // namespace pandora::procfiles
