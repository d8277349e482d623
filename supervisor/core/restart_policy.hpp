// Whether, and after which delay, a process that ended by itself is started again.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/core/ids.hpp"

#include <random>
#include <variant>
#include <vector>

namespace pandora::supervisor::core {

struct RestartAfter {
    Millis delay{};
    bool operator==(const RestartAfter&) const = default;
};

/// The rule asks for no restart.
struct StayDown {
    bool operator==(const StayDown&) const = default;
};

/// The rule asks for one, but `max_restarts` in the window are spent: a crash loop.
struct GiveUp {
    bool operator==(const GiveUp&) const = default;
};

/// This end ends the whole app (`exit_on_failure`, `exit_on_end`).
struct EndApp {
    bool operator==(const EndApp&) const = default;
};

using Verdict = std::variant<RestartAfter, StayDown, GiveUp, EndApp>;

/// A program that could not be executed is not tried again sooner: nothing but another process can mend it, and it
/// takes that process some time.
inline constexpr Millis failed_start_delay_min{100};

/// What the rule looks at in a run that has ended.
struct RunEnd {
    bool good = false;         // exit code 0 or another of `success_exit_codes`, and by itself
    bool began = true;         // exec succeeded
    Clock::duration ran_for{}; // 0 when it never began
};

/// One object an instance. Delays grow from `backoff` by `backoff_multiplier` up to `backoff_max`, and start anew once
/// a run has lasted `reset_after`; any `restart_window` holds at most `max_restarts` restarts (0 = without limit).
/// The shape is einhorn's and Kubernetes' (growth, cap, reset), the window OTP's and systemd's. `backoff_jitter` keeps
/// processes that fell together from coming back together.
class RestartPolicy {
public:
    /// `seed`: of the jitter.
    RestartPolicy(const procfiles::Availability& rule, std::uint32_t seed) : rule_{rule}, random_{seed} {}

    /// `now` never decreases between calls.
    Verdict on_end(const RunEnd& end, TimePoint now);

private:
    bool wants_restart(bool good) const;
    Millis next_delay();

    procfiles::Availability rule_;
    std::minstd_rand random_;
    std::vector<TimePoint> recent_; // restarts inside the window, oldest first; kept only where there is a limit
    std::uint32_t restarts_in_a_row_ = 0;
};

} // namespace pandora::supervisor::core
