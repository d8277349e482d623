#include "supervisor/core/notification.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace pandora::supervisor::core {

namespace {

using std::chrono::microseconds;

/// "`MAINPID=abc`", cut where it is long, and without what a terminal would obey.
std::string quote(std::string_view line)
{
    constexpr std::size_t shown_bytes_max = 60;
    std::string text{line.substr(0, shown_bytes_max)};
    for (char& c : text)
        if (c < ' ' || c > '~') c = '?';
    return "`" + text + (line.size() > shown_bytes_max ? "...`" : "`");
}

/// Digits alone, in whole, and no more than `max`.
template <class Number>
std::optional<Number> number(std::string_view text, Number max)
{
    Number value{};
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stopped != end || text.starts_with('-') || value > max) return std::nullopt;
    return value;
}

std::optional<microseconds> duration(std::string_view text)
{
    const auto count = number<std::uint64_t>(text, UINT64_MAX);
    if (!count) return std::nullopt;
    const auto max = static_cast<std::uint64_t>(notified_duration_max.count());
    return microseconds{static_cast<microseconds::rep>(std::min(*count, max))};
}

struct CodePoint {
    char32_t value = 0;
    std::size_t bytes = 0; // 0 = `text` does not begin with a character in UTF-8
};

CodePoint first_code_point(std::string_view text)
{
    // What is left of the first byte, and the least value that needs so many bytes: anything below is a longer
    // spelling of another character, which UTF-8 forbids.
    struct Form {
        unsigned char mask, mark, payload;
        char32_t least;
    };

    static constexpr std::array<Form, 4> forms{
        {{0x80, 0x00, 0x7f, 0x0}, {0xe0, 0xc0, 0x1f, 0x80}, {0xf0, 0xe0, 0x0f, 0x800}, {0xf8, 0xf0, 0x07, 0x10000}}};
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    for (std::size_t more = 0; more < forms.size(); ++more) {
        const auto& form = forms[more];
        if ((byte(0) & form.mask) != form.mark) continue;
        if (text.size() <= more) return {};
        auto value = static_cast<char32_t>(byte(0) & form.payload);
        for (std::size_t at = 1; at <= more; ++at) {
            if ((byte(at) & 0xc0) != 0x80) return {};
            value = (value << 6) | (byte(at) & 0x3fU);
        }
        const bool surrogate = value >= 0xd800 && value < 0xe000;
        return value < form.least || surrogate || value > 0x10ffff ? CodePoint{} : CodePoint{value, more + 1};
    }
    return {};
}

/// Control characters (C0, DEL, C1) become spaces: the status is shown on terminals. nullopt: not UTF-8.
std::optional<std::string> printable(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        const auto [value, bytes] = first_code_point(text);
        if (bytes == 0) return std::nullopt;
        if (value < 0x20 || (value >= 0x7f && value < 0xa0))
            out += ' ';
        else
            out += text.substr(0, bytes);
        text.remove_prefix(bytes);
    }
    return out;
}

std::optional<Heartbeat> heartbeat(std::string_view text)
{
    if (text == "1") return Heartbeat::alive;
    if (text == "trigger") return Heartbeat::trigger;
    return std::nullopt;
}

/// The readers of a line's value return whether it made sense; the first line of a name counts.
bool say(bool& said, std::string_view value)
{
    said = said || value == "1";
    return value == "1";
}

template <class Value>
bool say(std::optional<Value>& said, std::optional<Value> read)
{
    const bool sensible = read.has_value();
    if (!said) said = std::move(read);
    return sensible;
}

/// Whether `name` is unknown, or `value` is one that it can have.
bool take(Notification& said, std::string_view name, std::string_view value)
{
    if (name == "READY") return say(said.ready, value);
    if (name == "RELOADING") return say(said.reloading, value);
    if (name == "STOPPING") return say(said.stopping, value);
    if (name == "BARRIER") return say(said.barrier, value);
    if (name == "STATUS") return say(said.status, printable(value));
    if (name == "WATCHDOG") return say(said.watchdog, heartbeat(value));
    if (name == "WATCHDOG_USEC") return say(said.watchdog_period, duration(value));
    if (name == "EXTEND_TIMEOUT_USEC") return say(said.extend_timeout, duration(value));
    if (name == "MONOTONIC_USEC") return say(said.monotonic, duration(value));
    if (name == "ERRNO") return say(said.error_number, number<int>(value, INT32_MAX));
    if (name == "MAINPID") {
        const auto pid = number<pid_t>(value, INT32_MAX);
        return say(said.main_pid, pid == 0 ? std::nullopt : pid);
    }
    return true;
}

std::optional<std::string> objection(std::string_view datagram)
{
    if (datagram.empty()) return "it is empty";
    if (datagram.size() > notification_bytes_max)
        return "it is longer than " + std::to_string(notification_bytes_max) + " bytes";
    if (datagram.find('\0') != std::string_view::npos) return "there is a zero byte in it";
    return std::nullopt;
}

} // namespace

Notification parse_notification(std::string_view datagram)
{
    Notification said;
    while (datagram.ends_with('\0')) datagram.remove_suffix(1); // a string sent with its terminator
    said.complaint = objection(datagram);
    if (said.complaint) return said;
    while (!datagram.empty()) {
        const auto line = datagram.substr(0, datagram.find('\n'));
        datagram.remove_prefix(std::min(line.size() + 1, datagram.size()));
        const auto equals = line.find('=');
        const bool sensible = line.empty() || (equals != std::string_view::npos &&
                                               take(said, line.substr(0, equals), line.substr(equals + 1)));
        if (!sensible && !said.complaint) said.complaint = quote(line) + " makes no sense";
    }
    return said;
}

} // namespace pandora::supervisor::core
