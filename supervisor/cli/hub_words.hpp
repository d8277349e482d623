// What the words of `pandora hub call` and its like mean as values. Pure.
#pragma once

#include "hub/client/cpp/call.hpp"
#include "procfiles/scalars.hpp"

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pandora::supervisor::cli {

using hub::client::Json;

/// The words make no sense, and what() says which and why, in one line: exit code 2.
class BadWords : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// `7`, `null`, `{"a":1}`: JSON; `blue`, `a b`, ``: a string. Throws BadWords for what begins as an object, an array
/// or a string does and is none, and for what would not arrive as it stands: a number that no double holds, an integer
/// of more than 64 bits, JSON that nests deeper than frames may, a text that is no UTF-8.
Json argument(std::string_view word);

/// The word as it stands, whatever it looks like: `--string`. Throws BadWords where it is no UTF-8.
Json text_argument(std::string_view word);

/// All parameters in one array: `--args`. Throws BadWords where it is none, or would not arrive as it stands.
Json argument_array(std::string_view text);

/// Why the word names nothing: it is empty, as an unset variable of a script is, or no UTF-8; empty where it does.
std::string flaw_of_name(std::string_view word);

/// Why no application may publish an object of this name: it is pandora's own; empty where one may.
std::string flaw_of_object(std::string_view name);

struct MethodCommand {
    std::string method;
    std::string command; // for `sh -c`
    bool operator==(const MethodCommand&) const = default;
};

/// `NAME=COMMAND`. Throws BadWords.
MethodCommand method_command(std::string_view text);

/// All of them. Throws BadWords, also for a method that comes twice.
std::vector<MethodCommand> method_commands(const std::vector<std::string>& texts);

/// What makes an output no result.
struct BadOutput {
    std::string why; // "its output nests deeper than 500 arrays and objects"
    bool operator==(const BadOutput&) const = default;
};

/// What a command wrote, as the result of a method: JSON, else the text without the newline at its end; null for
/// nothing.
std::variant<Json, BadOutput> command_result(std::string_view output);

/// `web` or `web/1`: whom a call is for.
struct WhichProcess {
    std::string process;
    std::string instance; // digits; empty = any
    bool operator==(const WhichProcess&) const = default;
};

/// `--process` and `--instance`, either of them empty where it was not given. Throws BadWords where they contradict
/// each other, or make no name.
WhichProcess which_process(std::string_view process, std::string_view instance);

/// Like `10s`, `500ms`, `2m`, a bare number is seconds; from 1 ms to a day, what the hub allows. Throws BadWords.
std::chrono::milliseconds duration_word(std::string_view text);

/// Like `64MiB`, `4096`. Throws BadWords.
std::uint64_t size_word(std::string_view text);

/// How many times as fast: `0`, `0.5`, `10`. Throws BadWords.
double speed_word(std::string_view text);

/// `drop-new`, `drop-old`, `last-value` or `disconnect`. Throws BadWords.
hub::client::Overflow overflow_word(std::string_view text);

/// Like `127.0.0.1:9100`, `[::1]:9100`, `:9100`, `9100`. Throws BadWords.
procfiles::Endpoint address_word(std::string_view text);

} // namespace pandora::supervisor::cli
