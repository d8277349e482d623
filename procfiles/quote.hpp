// Shows text of the user in a message.
#pragma once

#include <string>
#include <string_view>

namespace pandora::procfiles {

/// `text` as a message can show it: in backquotes, on one line, at most 64 characters (the longest process
/// name).
std::string quote(std::string_view text);

} // namespace pandora::procfiles
