// Reads the text of an `env_file`: NAME=VALUE lines as shells and dotenv libraries know them. Pure.
#pragma once

#include "procfiles/spec.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::procfiles {

/// Something wrong in an env file; `line` counts from 1. The message never shows the line: it may hold a
/// secret.
struct DotenvProblem {
    std::size_t line = 0;
    std::string message;
    bool operator==(const DotenvProblem&) const = default;
};

struct Dotenv {
    Environment variables; // in the order of the file
    std::vector<DotenvProblem> problems;
};

/// One variable a line, `export` before it allowed. Blank lines and those that start with `#` are skipped.
///   NAME=plain text    # blanks around it do not count, nor does a comment behind a blank
///   NAME='as written'  # nothing is special inside; may go on over lines
///   NAME="a\tb"        # \n, \r, \t, \\, \" and \$ are known, other backslashes stay; may go on over lines
/// Nothing is expanded in values.
Dotenv parse_dotenv(std::string_view text);

} // namespace pandora::procfiles
