// What the clocks of a place show, at any time.
#pragma once

#include "supervisor/core/zone_rule.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace pandora::supervisor::core {

/// A time zone: the changes that are known, then a rule that goes on for ever. UTC unless told otherwise.
/// An immutable value; reading it needs no system.
class TimeZone {
public:
    TimeZone() = default;

    /// From the bytes of a zone file (TZif version 2 or later, RFC 8536), or from a POSIX rule such as "EST5EDT,M3.2.0,
    /// M11.1.0". nullopt where it is neither, or counts leap seconds, which the system clock does not.
    static std::optional<TimeZone> parse(std::string_view bytes);

    /// The span that `time` is in. Neighbouring spans may have the same offset.
    ZoneSpan at(std::chrono::sys_seconds time) const;

private:
    struct Change {
        std::chrono::sys_seconds at;
        std::chrono::seconds offset{};
    };

    class Reader;

    std::chrono::seconds before_{}; // the first change
    std::vector<Change> changes_;   // in order
    std::optional<ZoneRule> rule_;  // after the last change; none = that one holds for ever
};

} // namespace pandora::supervisor::core
