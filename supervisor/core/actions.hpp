// What the fleet asks the edge to do: first the deeds, in their order, then the announcements, in theirs; Finish is the
// last of all. What comes of the deeds is reported as events.
#pragma once

#include "supervisor/core/exit_status.hpp"
#include "supervisor/core/ids.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pandora::supervisor::core {

/// Where one instance is in its life; the picture is in lifecycle.hpp.
enum class State : std::uint8_t {
    pending,  // waiting for its dependencies
    starting, // spawned, not yet all that the procfile calls ready
    ready,
    stopping,  // asked to end, or its leader ended and the rest of its group is being ended
    backoff,   // ended; will be started again when the delay is over
    completed, // ended well, or stopped on request; stays down
    failed,    // ended badly and stays down: no restart asked for, the budget spent, or a dependency failed
};

const char* name(State state);

/// completed or failed: it has ended and nothing will start it again by itself.
inline bool is_down(State state) { return state == State::completed || state == State::failed; }

/// A process exists, or may: what a stop has to wait for.
inline bool is_live(State state)
{
    return state == State::starting || state == State::ready || state == State::stopping;
}

/// Execute the instance's command; answered by Spawned or SpawnFailed.
struct Spawn {
    InstanceId instance;
};

enum class Target : std::uint8_t { leader, group };

/// Send a signal. Where the target is gone nothing happens: its end is on the way as an event.
struct Signal {
    InstanceId instance;
    int signal = 0;
    Target target = Target::group;
};

/// Run the instance's `shutdown.command`.
struct RunStopCommand {
    InstanceId instance;
};

/// Nothing to do but to tell: an instance changed its state.
struct Announce {
    InstanceId instance;
    State from{};
    State to{};
    TimePoint at{};
    std::optional<ExitStatus> end; // how it ended, where an end caused the change
    std::optional<Millis> delay;   // backoff: when it starts again
    std::string cause;             // one phrase for people; empty where `end` says it all
};

/// Everything has ended; the master exits with `code`. Always the last action of all.
struct Finish {
    int code = 0;
};

using Action = std::variant<Spawn, Signal, RunStopCommand, Announce, Finish>;
using Actions = std::vector<Action>;

} // namespace pandora::supervisor::core
