#include "procfiles/go_time.hpp"

#include <algorithm>
#include <array>

namespace pandora::procfiles {

namespace {

struct Piece {
    std::string_view go;
    std::string_view strftime;
};

constexpr std::array names{
    Piece{"ANSIC", "%a %b %e %H:%M:%S %Y"},
    Piece{"UnixDate", "%a %b %e %H:%M:%S %Z %Y"},
    Piece{"RFC822", "%d %b %y %H:%M %Z"},
    Piece{"RFC1123", "%a, %d %b %Y %H:%M:%S %Z"},
    Piece{"RFC3339", iso_8601},
    Piece{"RFC3339Nano", iso_8601},
    Piece{"Kitchen", "%I:%M%p"},
    Piece{"DateTime", "%Y-%m-%d %H:%M:%S"},
    Piece{"DateOnly", "%Y-%m-%d"},
    Piece{"TimeOnly", "%H:%M:%S"},
};

// A piece stands above those that are its beginning.
constexpr std::array pieces{
    Piece{"2006", "%Y"}, Piece{"January", "%B"}, Piece{"Jan", "%b"},    Piece{"Monday", "%A"}, Piece{"Mon", "%a"},
    Piece{"MST", "%Z"},  Piece{"Z07:00", "%z"},  Piece{"-07:00", "%z"}, Piece{"-0700", "%z"},  Piece{"002", "%j"},
    Piece{"01", "%m"},   Piece{"02", "%d"},      Piece{"03", "%I"},     Piece{"04", "%M"},     Piece{"05", "%S"},
    Piece{"06", "%y"},   Piece{"15", "%H"},      Piece{"PM", "%p"},     Piece{"pm", "%P"},     Piece{"_2", "%e"},
    Piece{"1", "%m"},    Piece{"2", "%e"},       Piece{"3", "%I"},      Piece{"4", "%M"},      Piece{"5", "%S"},
    Piece{"%", "%%"},
};

/// `.000`, `,000` or `.999`: parts of a second.
std::size_t fraction_bytes(std::string_view text)
{
    if (text.size() < 2 || (text[0] != '.' && text[0] != ',') || (text[1] != '0' && text[1] != '9')) return 0;
    return std::min(text.find_first_not_of(text[1], 1), text.size());
}

} // namespace

StrftimeFormat strftime_of(std::string_view go_layout)
{
    StrftimeFormat result{"", true};
    const auto named = std::find_if(names.begin(), names.end(), [&](const Piece& p) { return p.go == go_layout; });
    if (named != names.end()) return {std::string{named->strftime}, true};
    while (!go_layout.empty()) {
        if (const std::size_t fraction = fraction_bytes(go_layout); fraction > 0 && result.format.ends_with("%S")) {
            result.complete = false;
            go_layout.remove_prefix(fraction);
            continue;
        }
        const auto piece =
            std::find_if(pieces.begin(), pieces.end(), [&](const Piece& p) { return go_layout.starts_with(p.go); });
        const bool known = piece != pieces.end();
        result.format += known ? piece->strftime : go_layout.substr(0, 1);
        go_layout.remove_prefix(known ? piece->go.size() : 1);
    }
    return result;
}

} // namespace pandora::procfiles
