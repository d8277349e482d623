#include "supervisor/core/schedule.hpp"

#include "supervisor/core/overloaded.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pandora::supervisor::core {

using procfiles::Cron;
using procfiles::Interval;
using procfiles::Millis;
using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

namespace {

/// What the clocks show, counted as if they showed UTC.
using Shown = std::chrono::local_seconds;

/// A given weekday on 29 February comes back after 40 years at the latest (over a year like 2100, that has none).
constexpr days horizon{41 * 366};

constexpr std::chrono::hours adjustment_max{3};

/// Of time as it passes, or by the clock: see next_time.
bool has_fixed_time(const Cron& cron) { return !cron.hours.all() && !cron.minutes.all(); }

Shown shown(sys_seconds time, seconds offset) { return Shown{time.time_since_epoch() + offset}; }

bool day_matches(const Cron& cron, std::chrono::local_days date)
{
    const std::chrono::year_month_day day{date};
    if (!cron.months.test(static_cast<unsigned>(day.month()))) return false;
    const bool by_day = cron.days.test(static_cast<unsigned>(day.day()));
    const bool by_weekday = cron.weekdays.test(std::chrono::weekday{date}.c_encoding());
    const bool either = cron.days_restricted && cron.weekdays_restricted;
    return either ? by_day || by_weekday : by_day && by_weekday;
}

/// The first minute of the day that matches and is not before `from`.
std::optional<minutes> minute_of_day(const Cron& cron, minutes from)
{
    for (std::size_t hour = static_cast<std::size_t>(from.count() / 60); hour < cron.hours.size(); ++hour) {
        if (!cron.hours.test(hour)) continue;
        const minutes begin{hour * 60};
        for (auto minute = static_cast<std::size_t>(std::max(from - begin, minutes{0}).count());
             minute < cron.minutes.size(); ++minute)
            if (cron.minutes.test(minute)) return begin + minutes{minute};
    }
    return std::nullopt;
}

/// The first time that matches in from <= t < until.
std::optional<Shown> first_match(const Cron& cron, Shown from, Shown until)
{
    auto start = std::chrono::ceil<minutes>(from);
    while (start < until) {
        const auto day = std::chrono::floor<days>(start);
        if (day_matches(cron, day)) {
            if (const auto minute = minute_of_day(cron, start - day)) {
                const Shown found = day + *minute;
                return found < until ? std::optional{found} : std::nullopt;
            }
        }
        start = day + days{1};
    }
    return std::nullopt;
}

/// One span of the zone, and the time at which the clocks of the one before ended.
struct Stretch {
    ZoneSpan span;
    Shown shown_before;
};

/// The first due time in the stretch that is not before `from`.
std::optional<sys_seconds> due_in(const Cron& cron, const Stretch& stretch, sys_seconds from, sys_seconds until)
{
    const auto& [span, shown_before] = stretch;
    const auto shown_first = shown(span.begin, span.offset);
    const bool fixed = has_fixed_time(cron);
    // Times that were left out, at the first moment after them.
    if (fixed && from <= span.begin && shown_before < shown_first && first_match(cron, shown_before, shown_first))
        return span.begin;
    auto begin = shown(std::max(from, span.begin), span.offset);
    if (fixed) begin = std::max(begin, shown_before); // before that, they come a second time
    const auto found = first_match(cron, begin, shown(std::min(span.end, until), span.offset));
    if (!found) return std::nullopt;
    return sys_seconds{found->time_since_epoch() - span.offset};
}

Stretch stretch_at(const TimeZone& zone, sys_seconds time)
{
    const auto span = zone.at(time);
    const bool is_first = span.begin == distant_past;
    const auto before = is_first ? span : zone.at(span.begin - seconds{1});
    return {span, shown(span.begin, before.offset)};
}

} // namespace

std::optional<sys_seconds> next_time(const Cron& cron, const TimeZone& zone, sys_seconds after)
{
    const auto until = after + horizon;
    auto from = after + seconds{1};
    while (from < until) {
        const auto stretch = stretch_at(zone, from);
        if (const auto due = due_in(cron, stretch, from, until)) return due;
        from = stretch.span.end;
    }
    return std::nullopt;
}

ScheduleClock::ScheduleClock(const procfiles::Schedule& schedule, TimeZone zone, WallTime now)
    : schedule_{schedule}, zone_{std::move(zone)}, reached_{now}
{
    const auto* interval = std::get_if<Interval>(&schedule_.when);
    assert(!interval || interval->period > Millis::zero());
    next_ = schedule_.run_on_start ? std::optional{now} : after(now);
}

std::optional<WallTime> ScheduleClock::after(WallTime now) const
{
    return std::visit(
        Overloaded{[&](const Cron& cron) -> std::optional<WallTime> {
                       return next_time(cron, zone_, std::chrono::floor<seconds>(now));
                   },
                   [&](const Interval& interval) -> std::optional<WallTime> { return now + interval.period; }},
        schedule_.when);
}

bool ScheduleClock::take_due(WallTime now)
{
    if (!next_ || now < *next_) return false;
    const auto was_due = std::exchange(next_, std::nullopt);
    reached_ = std::max(reached_, now);
    if (const auto* interval = std::get_if<Interval>(&schedule_.when)) {
        // On the beat of the one that was due, however late it was seen; the beats in between are missed.
        const auto beats = (now - *was_due) / interval->period + 1;
        next_ = *was_due + beats * interval->period;
    } else {
        next_ = after(reached_);
    }
    return true;
}

void ScheduleClock::clock_set(WallTime now, std::chrono::nanoseconds by, TimeZone zone)
{
    zone_ = std::move(zone);
    if (std::holds_alternative<Interval>(schedule_.when)) {
        if (next_) *next_ += std::chrono::duration_cast<WallTime::duration>(by);
        return;
    }
    if (next_ && *next_ <= now) return; // put forward over it: it is due
    const bool is_adjustment = reached_ - now < adjustment_max;
    reached_ = is_adjustment ? std::max(reached_, now) : now;
    next_ = after(reached_);
}

} // namespace pandora::supervisor::core
