// What the words of `pandora hub call` and its like mean as values. Pure.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pandora::supervisor::cli {

using hub::client::Json;

/// The words make no sense, and what() says which and why, in one line: exit code 2.
class BadWords : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// `7`, `null`, `{"a":1}`: JSON; `blue`, `a b`, ``: a string. Throws BadWords for what begins as an object, an array
/// or a string does and is none, and for a number that no double holds: that is a mistake rather than a text.
Json argument(std::string_view word);

/// All parameters in one array: `--args`. Throws BadWords where it is none.
Json argument_array(std::string_view text);

struct MethodCommand {
    std::string method;
    std::string command; // for `sh -c`
    bool operator==(const MethodCommand&) const = default;
};

/// `NAME=COMMAND`. Throws BadWords.
MethodCommand method_command(std::string_view text);

/// What a command wrote, as the result of a method: JSON, else the text without the newline at its end; null for
/// nothing.
Json command_result(std::string_view output);

/// `web` or `web/1`: whom a call is for.
struct WhichProcess {
    std::string process;
    std::string instance; // digits; empty = any
    bool operator==(const WhichProcess&) const = default;
};

WhichProcess which_process(std::string_view text);

/// Like `10s`, `500ms`, `2m`, a bare number is seconds; from 1 ms to a day, what the hub allows. Throws BadWords.
std::chrono::milliseconds duration_word(std::string_view text);

/// Like `64MiB`, `4096`. Throws BadWords.
std::uint64_t size_word(std::string_view text);

} // namespace pandora::supervisor::cli
