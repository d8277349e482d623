// Where characters begin and end in bytes that may be UTF-8 (RFC 3629), or anything. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace pandora::supervisor::logs {

/// The length of the well-formed sequence that `text` begins with; 0 where it begins with none.
std::size_t sequence_length(std::string_view text);

/// How many bytes at the end of `text` begin a sequence that further bytes could finish: 0 to 3.
std::size_t unfinished_length(std::string_view text);

} // namespace pandora::supervisor::logs
