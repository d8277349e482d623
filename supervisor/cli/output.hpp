// Standard output, whose failures are told: a full disk must not look like an answer.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace pandora::supervisor::cli {

/// Writes all of it on standard output, and waits where the reader is slow. Why it could not, if it could not.
std::error_code write_output(std::string_view text);

/// "cannot write to standard output: No space left on device"
std::string output_failure(std::error_code error);

/// As write_output(). Throws std::runtime_error, in one line, where it cannot be written.
void print(std::string_view text);

} // namespace pandora::supervisor::cli
