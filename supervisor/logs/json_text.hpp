// Text of any bytes as a JSON string. Pure.
#pragma once

#include <string>
#include <string_view>

namespace pandora::supervisor::logs {

/// Appends `text` with quotes and escapes. Bytes that are not UTF-8 become U+FFFD, one for each.
void append_json(std::string& out, std::string_view text);

} // namespace pandora::supervisor::logs
