// When a scheduled process is due.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/core/time_zone.hpp"

#include <chrono>
#include <optional>

namespace pandora::supervisor::core {

/// CLOCK_REALTIME: the one thing in supervision that goes by the clock on the wall.
using WallTime = std::chrono::system_clock::time_point;

/// The first moment after `after` at which `cron` is due; nullopt where there is none in 41 years ("30 February").
/// Where the clocks of the zone change, the rules are cronie's:
/// - a job with a fixed time (not every hour, and not every minute) runs once where that time comes twice, at the
///   first; where it is left out, the job runs at the first moment after the gap, once, however many times fell into
///   it;
/// - a job of every hour or every minute goes by time as it passes: it skips what is left out, and repeats what comes
///   twice.
std::optional<std::chrono::sys_seconds> next_time(const procfiles::Cron& cron, const TimeZone& zone,
                                                  std::chrono::sys_seconds after);

/// One scheduled process: what is due now, and when to ask next. Runs that were missed (the machine slept, the clock
/// was put forward) are made up for by one.
class ScheduleClock {
public:
    /// `now`: the start of the app.
    ScheduleClock(const procfiles::Schedule& schedule, TimeZone zone, WallTime now);

    /// When it is due next; nullopt = never.
    std::optional<WallTime> next() const { return next_; }

    /// Whether a run is due. Says so once: next() is later than `now` after that.
    bool take_due(WallTime now);

    /// The clock was set to `now`, `by` so much; the zone may be another one, too. An interval goes on as if nothing
    /// had happened. Cron: where the clock was put back by less than three hours, times that had been reached are not
    /// reached again (cronie's limit between an adjustment and a correction).
    void clock_set(WallTime now, std::chrono::nanoseconds by, TimeZone zone);

private:
    std::optional<WallTime> after(WallTime now) const;

    procfiles::Schedule schedule_;
    TimeZone zone_;
    WallTime reached_; // the latest time that cron was asked about
    std::optional<WallTime> next_;
};

} // namespace pandora::supervisor::core
