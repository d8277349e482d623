// What the fleet asks the edge to do: first the deeds, in their order, then the words, in theirs; Finish is the last of
// all. What comes of the deeds is reported as events.
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
    pending,  // to be started as soon as its dependencies, and the limit of simultaneous starts, allow
    starting, // begun, not yet all that the procfile calls ready
    ready,
    stopping,  // asked to end, or its leader ended and the rest of its group is being ended
    backoff,   // ended; will be started again when the delay is over
    completed, // ended well, or stopped on request; stays down
    failed,    // ended badly and stays down: no restart asked for, the budget spent, or a dependency failed
    disabled,  // never started but on request
    scheduled, // down until its next time comes
    listening, // down until somebody connects to its socket
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
    Run run{};
};

enum class Target : std::uint8_t { leader, group };

/// Send a signal. Where the target is gone nothing happens: its end is on the way as an event.
struct Signal {
    InstanceId instance;
    int signal = 0;
    Target target = Target::group;
};

/// A command that the procfile gives beside the process' own.
enum class Command : std::uint8_t { before_start, after_start, before_stop, stop, after_stop, reload };

/// "shutdown.command", "hooks.before_start": as the procfile calls it.
const char* name(Command command);

/// Run one of the instance's commands; answered by CommandEnded, also where it cannot be executed.
struct RunCommand {
    InstanceId instance;
    Run run{};
    Command command{};
};

/// Its time is over: kill it. Its end is reported like any other.
struct CancelCommand {
    InstanceId instance;
    Command command{};
};

/// Ask the hub to send nothing new to the instance and to let it finish what it has; answered by Drained. The fleet
/// itself goes on when `limit` is over.
struct Drain {
    InstanceId instance;
    Run run{};
    Millis limit{};
};

enum class ProbeKind : std::uint8_t { readiness, liveness };

/// Make one attempt; answered by ProbeAnswered. An attempt for a run that has ended may be dropped.
struct RunProbe {
    InstanceId instance;
    Run run{};
    ProbeKind kind{};
};

/// Wait until somebody connects to a socket of this process; answered, once, by ConnectionWaiting.
struct Listen {
    ProcessId process{};
};

/// The instance was scaled away; there will be none of this index unless it is scaled up again.
struct Removed {
    InstanceId instance;
};

/// Every process the fleet knows has ended. End whatever else is left of the app; answered by Swept.
struct Sweep {};

/// Nothing to do but to tell: an instance changed its state.
struct Announce {
    InstanceId instance;
    State from{};
    State to{};
    TimePoint at{};
    std::optional<End> end;      // how it ended, where an end caused the change
    std::optional<Millis> delay; // backoff: when it starts again
    std::string cause;           // one phrase for people; empty where `end` says it all
};

/// Something about an instance that people should know and that changes no state.
struct Tell {
    InstanceId instance;
    std::string text;
};

/// Everything has ended; the master exits with `code`. Always the last action of all.
struct Finish {
    int code = 0;
};

using Action = std::variant<Spawn, Signal, RunCommand, CancelCommand, Drain, RunProbe, Listen, Removed, Sweep, Announce,
                            Tell, Finish>;
using Actions = std::vector<Action>;

} // namespace pandora::supervisor::core
