// What the edge reports to the fleet. Each comes with the time it happened (see Fleet::handle).
#pragma once

#include "supervisor/core/exit_status.hpp"
#include "supervisor/core/ids.hpp"

#include <string>
#include <sys/types.h>
#include <variant>

namespace pandora::supervisor::core {

/// Supervision begins.
struct Begin {};

/// exec succeeded: the program itself runs now, as `pid`, leader of its own session and process group.
struct Spawned {
    InstanceId instance;
    pid_t pid = 0;
};

struct SpawnFailed {
    InstanceId instance;
    NotStarted why;
};

/// The leader ended and was reaped. `group_empty`: nothing of its process group is left.
struct Ended {
    InstanceId instance;
    ExitStatus status;
    bool group_empty = true;
};

/// The last member of the group of a leader that had ended is gone, too.
struct GroupEmptied {
    InstanceId instance;
};

/// `shutdown.command` could not be executed.
struct StopCommandFailed {
    InstanceId instance;
};

/// The connection of this instance published a hub object.
struct ObjectPublished {
    InstanceId instance;
    std::string object;
};

/// Stop every process in reverse dependency order, each with its grace; then finish.
struct StopAll {};

/// Kill what is left at once; then finish with `code`.
struct KillAll {
    int code = 0;
};

using Event = std::variant<Begin, Spawned, SpawnFailed, Ended, GroupEmptied, StopCommandFailed, ObjectPublished,
                           StopAll, KillAll>;

} // namespace pandora::supervisor::core
