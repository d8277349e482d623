#include "supervisor/cli/hub_words.hpp"

#include "procfiles/scalars.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace pandora::supervisor::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto patience_max = 24h; // hub/PROTOCOL.md 5

/// nullopt where it is no JSON. Throws Json::out_of_range for a number that no double holds.
std::optional<Json> parsed(std::string_view text)
{
    try {
        return Json::parse(text);
    } catch (const Json::parse_error&) {
        return std::nullopt;
    }
}

bool begins_as_json(std::string_view word)
{
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = word.find_first_not_of(blanks);
    return first != std::string_view::npos && std::string_view{"{[\""}.find(word[first]) != std::string_view::npos;
}

} // namespace

Json argument(std::string_view word)
{
    try {
        if (auto json = parsed(word)) return std::move(*json);
    } catch (const Json::out_of_range&) {
        throw BadWords{"`" + std::string{word} + "` holds a number that is too large"};
    }
    if (begins_as_json(word))
        throw BadWords{"`" + std::string{word} + "` begins like JSON and is none; --string takes it as a text"};
    return std::string{word};
}

Json argument_array(std::string_view text)
{
    auto json = Json::parse(text, nullptr, false); // no exceptions: what is none is `discarded`
    if (!json.is_array()) throw BadWords{"--args takes a JSON array, like '[1,\"two\"]'"};
    return json;
}

MethodCommand method_command(std::string_view text)
{
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size())
        throw BadWords{"--method takes NAME=COMMAND, not `" + std::string{text} + "`"};
    return {std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)}};
}

Json command_result(std::string_view output)
{
    if (output.empty()) return nullptr;
    if (auto json = Json::parse(output, nullptr, false); !json.is_discarded()) return json;
    if (output.ends_with('\n')) output.remove_suffix(1);
    return std::string{output};
}

WhichProcess which_process(std::string_view text)
{
    const auto slash = text.rfind('/');
    const auto digits = slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1);
    const bool numbered =
        !digits.empty() && std::ranges::all_of(digits, [](unsigned char c) { return std::isdigit(c); });
    return numbered ? WhichProcess{std::string{text.substr(0, slash)}, std::string{digits}}
                    : WhichProcess{std::string{text}, ""};
}

std::chrono::milliseconds duration_word(std::string_view text)
{
    const auto duration = procfiles::parse_duration(text);
    if (!duration || *duration < 1ms || *duration > patience_max)
        throw BadWords{"`" + std::string{text} + "` is no time from 1ms to 24h, like 500ms, 10s or 2m"};
    return *duration;
}

std::uint64_t size_word(std::string_view text)
{
    const auto size = procfiles::parse_size(text);
    if (!size) throw BadWords{"`" + std::string{text} + "` is no size, like 4096 or 64MiB"};
    return *size;
}

} // namespace pandora::supervisor::cli
