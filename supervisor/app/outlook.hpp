// What is to be expected of an instance, and why it is away: what callers of a worker that is not there are told. Pure.
#pragma once

#include "supervisor/control/hub_messages.hpp"
#include "supervisor/core/actions.hpp"

#include <optional>
#include <string>

namespace pandora::supervisor::app {

/// What a change of state does not say of itself. As it is when the change is told.
struct Circumstances {
    bool may_return = false; // of one that is stopping: another run may follow
    bool is_held = false;    // a person wants it down
    bool is_retired = false; // scaled away
    bool is_rolling = false; // a rolling replace of its process is under way
    bool app_ends = false;
    std::optional<core::Millis> due_in; // scheduled: until its next run
};

/// One object an instance, fed with each of its changes.
class Outlook {
public:
    /// `state`: before its first change.
    explicit Outlook(core::State state) : state_{state} {}

    void changed(const core::Announce& change, const Circumstances& circumstances);

    control::Prospect prospect() const;

    /// All that its procfile calls ready has happened in the run that it is in. One that drains is ready still.
    bool ready() const { return ready_; }

    /// One phrase: "crashed: SIGSEGV; restarting in 400 ms", "exit 3; gave up after 5 restarts in 60 s", "stopped by an
    /// operator", "being replaced". Empty where it serves.
    std::string cause(core::TimePoint now) const;

private:
    void begin_to_stop(const core::Announce& change, const Circumstances& circumstances);
    std::string down_for(const core::Announce& change, const Circumstances& circumstances) const;

    core::State state_;
    bool ready_ = false;
    bool returns_ = false; // while stopping, or scheduled
    bool meant_ = false;   // it was no failure that ended its last run
    std::string why_;      // it is away; without what follows
    std::optional<core::TimePoint> back_at_;
};

} // namespace pandora::supervisor::app
