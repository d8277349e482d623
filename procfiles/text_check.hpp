// Is this text at all? Tells a binary or wrongly encoded file from a procfile with one clear problem.
#pragma once

#include "procfiles/problem.hpp"

#include <optional>
#include <string_view>

namespace pandora::procfiles {

/// The first byte that does not belong in a text: a control character other than tab and line ends, or what
/// is not UTF-8. The YAML scanner would take byte 4 as the end of the file and hand broken UTF-8 on to
/// whoever encodes JSON.
std::optional<Problem> find_non_text(std::string_view bytes);

/// How many bytes the UTF-8 character at the start of `bytes` has; 0 if there is no valid one (RFC 3629).
std::size_t utf8_character_bytes(std::string_view bytes);

} // namespace pandora::procfiles
