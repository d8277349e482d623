#include "supervisor/cli/hub_words.hpp"

#include "hub/client/cpp/body_reader.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

namespace pandora::supervisor::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto patience_max = 24h; // hub/PROTOCOL.md 5

/// A frame may nest twelve deeper: for what stands around an argument there, in either dialect.
constexpr std::size_t nesting_max = 500;

/// Hears the parser, and notes what of a text would not arrive as it stands. Throws nothing.
class Scruples {
public:
    std::string what;       // "nests deeper than ..."; empty: nothing
    bool overflows = false; // a number ended the parsing, for no double holds it

    bool null() { return true; }

    bool boolean(bool) { return true; }

    bool number_integer(Json::number_integer_t) { return true; }

    bool number_unsigned(Json::number_unsigned_t) { return true; }

    bool number_float(Json::number_float_t, const std::string& digits)
    {
        if (digits.find_first_of(".eE") == std::string::npos) what = "holds an integer of more than 64 bits";
        return true;
    }

    bool string(const std::string&) { return true; }

    bool binary(const Json::binary_t&) { return true; }

    bool start_object(std::size_t) { return open(); }

    bool key(const std::string&) { return true; }

    bool end_object() { return close(); }

    bool start_array(std::size_t) { return open(); }

    bool end_array() { return close(); }

    bool parse_error(std::size_t, const std::string&, const Json::exception& error)
    {
        overflows = dynamic_cast<const Json::out_of_range*>(&error) != nullptr;
        return false;
    }

private:
    bool open()
    {
        if (++depth_ > nesting_max) what = "nests deeper than " + std::to_string(nesting_max) + " arrays and objects";
        return true;
    }

    bool close()
    {
        --depth_;
        return true;
    }

    std::size_t depth_ = 0;
};

struct NoJson {
    bool overflows = false; // but for a number that no double holds it might have been
};

/// JSON that would not arrive as it stands.
struct Doubtful {
    std::string why;
};

using Reading = std::variant<Json, NoJson, Doubtful>;

Reading read(std::string_view text)
{
    Scruples scruples;
    if (!Json::sax_parse(text.begin(), text.end(), &scruples)) return NoJson{scruples.overflows};
    if (!scruples.what.empty()) return Doubtful{std::move(scruples.what)};
    auto value = hub::client::read_body(text, nesting_max);
    if (!value) return NoJson{};
    return std::move(*value);
}

bool is_utf8(std::string_view text)
{
    try {
        Json(text).dump(); // is strict unless it is told otherwise
        return true;
    } catch (const Json::type_error&) {
        return false;
    }
}

/// So much of a word as a message should show.
std::string shown(std::string_view word)
{
    constexpr std::size_t bytes_max = 60;
    const bool fits = word.size() <= bytes_max;
    return "`" + std::string{word.substr(0, bytes_max)} + (fits ? "`" : "...`");
}

bool are_digits(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); });
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
    auto reading = read(word);
    if (auto* json = std::get_if<Json>(&reading)) return std::move(*json);
    if (const auto* doubtful = std::get_if<Doubtful>(&reading))
        throw BadWords{shown(word) + " " + doubtful->why + "; --string takes it as a text"};
    const auto* none = std::get_if<NoJson>(&reading);
    if (none && none->overflows) throw BadWords{shown(word) + " holds a number that is too large"};
    if (begins_as_json(word))
        throw BadWords{shown(word) + " begins like JSON and is none; --string takes it as a text"};
    return text_argument(word);
}

Json text_argument(std::string_view word)
{
    if (!is_utf8(word)) throw BadWords{shown(word) + " is no UTF-8, and texts have to be"};
    return std::string{word};
}

Json argument_array(std::string_view text)
{
    auto reading = read(text);
    if (const auto* doubtful = std::get_if<Doubtful>(&reading)) throw BadWords{"--args " + doubtful->why};
    auto* json = std::get_if<Json>(&reading);
    if (!json || !json->is_array()) throw BadWords{"--args takes a JSON array, like '[1,\"two\"]'"};
    return std::move(*json);
}

std::string flaw_of_name(std::string_view word)
{
    if (word.empty()) return "an empty word names nothing";
    return is_utf8(word) ? "" : "it is no UTF-8";
}

std::string flaw_of_object(std::string_view name)
{
    return name.starts_with("pandora.") ? "names that begin with `pandora.` are pandora's own" : "";
}

MethodCommand method_command(std::string_view text)
{
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size())
        throw BadWords{"--method takes NAME=COMMAND, not `" + std::string{text} + "`"};
    return {std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)}};
}

std::vector<MethodCommand> method_commands(const std::vector<std::string>& texts)
{
    std::vector<MethodCommand> commands;
    for (const auto& text : texts) {
        auto command = method_command(text);
        if (std::ranges::find(commands, command.method, &MethodCommand::method) != commands.end())
            throw BadWords{"--method " + command.method + " comes twice"};
        commands.push_back(std::move(command));
    }
    return commands;
}

std::variant<Json, BadOutput> command_result(std::string_view output)
{
    if (output.empty()) return Json{};
    auto reading = read(output);
    if (auto* json = std::get_if<Json>(&reading)) return std::move(*json);
    if (const auto* doubtful = std::get_if<Doubtful>(&reading)) return BadOutput{"its output " + doubtful->why};
    if (output.ends_with('\n')) output.remove_suffix(1);
    return Json(output);
}

WhichProcess which_process(std::string_view process, std::string_view instance)
{
    const auto slash = process.rfind('/');
    const auto digits = slash == std::string_view::npos ? std::string_view{} : process.substr(slash + 1);
    const bool numbered = are_digits(digits);
    const auto name = numbered ? process.substr(0, slash) : process;
    if (numbered && name.empty()) throw BadWords{"--process " + std::string{process} + " names no process"};
    if (!instance.empty() && !are_digits(instance))
        throw BadWords{"--instance takes a number from 0 on, not " + shown(instance)};
    if (numbered && !instance.empty() && digits != instance)
        throw BadWords{"--process " + std::string{process} + " and --instance " + std::string{instance} +
                       " contradict each other"};
    return {std::string{name}, std::string{numbered ? digits : instance}};
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

double speed_word(std::string_view text)
{
    double speed = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), speed);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(speed) || speed < 0)
        throw BadWords{shown(text) + " is no number from 0 on"};
    return speed;
}

hub::client::Overflow overflow_word(std::string_view text)
{
    using hub::client::Overflow;
    constexpr std::array words{std::pair{"drop-new", Overflow::drop_new}, std::pair{"drop-old", Overflow::drop_old},
                               std::pair{"last-value", Overflow::last_value},
                               std::pair{"disconnect", Overflow::disconnect}};
    const auto found = std::ranges::find_if(words, [&](const auto& word) { return word.first == text; });
    if (found == words.end()) throw BadWords{shown(text) + " is none of drop-new, drop-old, last-value and disconnect"};
    return found->second;
}

procfiles::Endpoint address_word(std::string_view text)
{
    auto endpoint = procfiles::parse_endpoint(text);
    if (!endpoint) throw BadWords{shown(text) + " is no HOST:PORT, like 127.0.0.1:9100"};
    return *std::move(endpoint);
}

} // namespace pandora::supervisor::cli
