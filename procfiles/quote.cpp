#include "procfiles/quote.hpp"

#include "procfiles/text_check.hpp"

#include <algorithm>
#include <cstddef>

namespace pandora::procfiles {

std::string quote(std::string_view text)
{
    constexpr std::size_t characters_max = 64;
    std::string shown = "`";
    for (std::size_t characters = 0; !text.empty(); ++characters) {
        if (characters == characters_max) {
            shown += "...";
            break;
        }
        const std::size_t bytes = utf8_character_bytes(text);
        const bool printable = bytes > 1 || (bytes == 1 && text[0] >= ' ' && text[0] != '\x7F');
        shown += printable ? text.substr(0, bytes) : " ";
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return shown + "`";
}

} // namespace pandora::procfiles
