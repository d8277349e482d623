// Text of any bytes, made harmless for a terminal. Pure.
#pragma once

#include <string>
#include <string_view>

namespace pandora::supervisor::logs {

/// Appends `text`. UTF-8, tabs and colours (the escape sequences that end in `m`) stay; every other control character,
/// and every byte that is not UTF-8, is shown as \xHH: a worker's output moves no cursor, renames no window, and
/// answers no question in the name of the one who looks at it. Colours that were on are switched off at the end.
void append_for_terminal(std::string& out, std::string_view text);

} // namespace pandora::supervisor::logs
