// The rule by which a time zone goes on for ever, as POSIX writes it: "CET-1CEST,M3.5.0,M10.5.0/3".
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace pandora::supervisor::core {

/// A stretch of time, begin <= t < end, in which the clocks of a zone show UTC plus `offset`.
struct ZoneSpan {
    std::chrono::seconds offset{};
    std::chrono::sys_seconds begin;
    std::chrono::sys_seconds end;
    bool operator==(const ZoneSpan&) const = default;
};

/// Stand for "always" and "for ever" in a span. Far enough from the limits that an offset can be added.
inline constexpr std::chrono::sys_seconds distant_past = std::chrono::sys_days{std::chrono::year{-9999} / 1 / 1};
inline constexpr std::chrono::sys_seconds distant_future = std::chrono::sys_days{std::chrono::year{9999} / 1 / 1};

/// The TZ rule of POSIX.1 (XBD 8.3), with hours up to 167 either way, as zone files have it (RFC 8536, 3.3.1).
class ZoneRule {
public:
    /// nullopt where the text is no such rule.
    static std::optional<ZoneRule> parse(std::string_view text);

    ZoneSpan at(std::chrono::sys_seconds time) const;

private:
    /// The `week`-th such weekday of the month; the fifth = the last.
    struct WeekdayOfMonth {
        std::chrono::month month;
        unsigned week;
        std::chrono::weekday weekday;
    };

    /// From 1; 29 February is never counted, so that 60 is always 1 March.
    struct DayWithoutLeap {
        int day;
    };

    /// From 0; 29 February is counted.
    struct DayOfYear {
        int day;
    };

    /// When the clocks change, by the clocks before the change.
    struct Change {
        std::variant<DayOfYear, DayWithoutLeap, WeekdayOfMonth> day;
        std::chrono::seconds time{std::chrono::hours{2}};
    };

    struct Summer {
        std::chrono::seconds offset{};
        Change begins;
        Change ends;
    };

    struct Transition {
        std::chrono::sys_seconds at;
        std::chrono::seconds offset{};
    };

    class Parser;

    static std::chrono::sys_days day_of(const Change& change, std::chrono::year year);
    std::vector<Transition> transitions_around(std::chrono::year year) const;

    std::chrono::seconds standard_{};
    std::optional<Summer> summer_;
};

} // namespace pandora::supervisor::core
