#include "procfiles/print_values.hpp"

#include "procfiles/scalars.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

namespace pandora::procfiles {

std::string duration_text(Millis duration)
{
    using Unit = std::pair<std::int64_t, std::string_view>;
    constexpr std::array units{Unit{86'400'000, "d"}, Unit{3'600'000, "h"}, Unit{60'000, "m"}, Unit{1'000, "s"}};
    const std::int64_t count = duration.count();
    for (const auto& [length, name] : units)
        if (count != 0 && count % length == 0) return std::to_string(count / length) + std::string{name};
    return count == 0 ? "0s" : std::to_string(count) + "ms";
}

std::string size_text(std::uint64_t bytes)
{
    using Unit = std::pair<unsigned, std::string_view>;
    constexpr std::array units{Unit{30, "GiB"}, Unit{20, "MiB"}, Unit{10, "KiB"}};
    for (const auto& [bits, name] : units)
        if (bytes != 0 && (bytes >> bits << bits) == bytes) return std::to_string(bytes >> bits) + std::string{name};
    return std::to_string(bytes);
}

std::string number_text(double number)
{
    // The longest double without an exponent has 309 digits before the point or about 1,075 behind it.
    std::array<char, 1'400> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed);
    return {digits.data(), end.ptr};
}

std::string signal_text(int signal)
{
    // The C library knows names, such as SIGSTKFLT, that procfiles do not.
    const char* name = ::sigabbrev_np(signal);
    return name != nullptr && parse_signal(name) == signal ? std::string{"SIG"} + name : std::to_string(signal);
}

std::string endpoint_text(const std::string& host, std::uint16_t port)
{
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

std::string octal_text(unsigned bits)
{
    std::array<char, 12> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bits, 8);
    const std::string text{digits.data(), end.ptr};
    return text.size() < 4 ? std::string(4 - text.size(), '0') + text : text;
}

std::string word_of(Restart restart)
{
    switch (restart) {
    case Restart::no: return "no";
    case Restart::on_failure: return "on_failure";
    case Restart::always: return "always";
    case Restart::exit_on_failure: return "exit_on_failure";
    }
    return {};
}

std::string word_of(OnGiveUp action)
{
    switch (action) {
    case OnGiveUp::keep: return "keep";
    case OnGiveUp::stop_all: return "stop_all";
    case OnGiveUp::exit: return "exit";
    }
    return {};
}

std::string word_of(Condition condition)
{
    switch (condition) {
    case Condition::started: return "process_started";
    case Condition::healthy: return "process_healthy";
    case Condition::completed: return "process_completed";
    case Condition::completed_successfully: return "process_completed_successfully";
    case Condition::log_ready: return "process_log_ready";
    case Condition::object_published: return "object_published";
    }
    return {};
}

std::string word_of(Strategy strategy)
{
    switch (strategy) {
    case Strategy::one_for_one: return "one_for_one";
    case Strategy::one_for_all: return "one_for_all";
    case Strategy::rest_for_one: return "rest_for_one";
    }
    return {};
}

std::string word_of(IoPriority::Class kind)
{
    switch (kind) {
    case IoPriority::Class::realtime: return "realtime";
    case IoPriority::Class::best_effort: return "best_effort";
    case IoPriority::Class::idle: return "idle";
    }
    return {};
}

std::string word_of(LogFormat format)
{
    switch (format) {
    case LogFormat::text: return "text";
    case LogFormat::json: return "json";
    }
    return {};
}

std::string word_of(Compression compression)
{
    switch (compression) {
    case Compression::none: return "none";
    case Compression::gzip: return "gzip";
    case Compression::zstd: return "zstd";
    }
    return {};
}

std::string word_of(PolicyVerb verb)
{
    switch (verb) {
    case PolicyVerb::any: return "any";
    case PolicyVerb::call: return "call";
    case PolicyVerb::publish: return "publish";
    case PolicyVerb::subscribe: return "subscribe";
    }
    return {};
}

} // namespace pandora::procfiles
