// Turns Go's example times, `2006-01-02 15:04:05`, into formats of strftime(3).
#pragma once

#include <string>
#include <string_view>

namespace pandora::procfiles {

/// `2006-01-02T15:04:05+0200`.
inline constexpr std::string_view iso_8601 = "%Y-%m-%dT%H:%M:%S%z";

struct StrftimeFormat {
    std::string format;
    bool complete; // false: the layout had parts that strftime has no letter for, and that were left out
};

/// A name such as `RFC3339`, or a layout. Pure.
StrftimeFormat strftime_of(std::string_view go_layout);

} // namespace pandora::procfiles
