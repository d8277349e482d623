// What the edge reports to the fleet, and what people ask of it. Each comes with the time it happened (Fleet::handle).
#pragma once

#include "supervisor/core/actions.hpp"
#include "supervisor/core/exit_status.hpp"
#include "supervisor/core/ids.hpp"
#include "supervisor/core/notification.hpp"

#include <optional>
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

/// The leader ended and was reaped.
struct Ended {
    InstanceId instance;
    ExitStatus status;
    bool group_empty = true;    // nothing of its process group is left
    bool out_of_memory = false; // the kernel killed it for its cgroup's memory limit
};

/// The last member of the group of a leader that had ended is gone, too.
struct GroupEmptied {
    InstanceId instance;
};

/// The instance's main process is another one from now on (MAINPID=).
struct MainPidChanged {
    InstanceId instance;
    pid_t pid = 0;
};

/// NotStarted: it could not be executed.
struct CommandEnded {
    InstanceId instance;
    Run run{};
    Command command{};
    ExitStatus status;
};

/// The hub has nothing in flight for the instance any more, or does not know.
struct Drained {
    InstanceId instance;
    Run run{};
};

struct ProbeAnswered {
    InstanceId instance;
    Run run{};
    ProbeKind kind{};
    bool passed = false;
    std::string detail; // "HTTP 503, expected 200"
};

/// The connection of this instance published a hub object.
struct ObjectPublished {
    InstanceId instance;
    std::string object;
};

/// It sent a datagram to NOTIFY_SOCKET.
struct Notified {
    InstanceId instance;
    Notification notification;
};

/// It wrote a newline to its notification descriptor.
struct NewlineWritten {
    InstanceId instance;
    Run run{};
};

/// A line of its output matched `ready_log_line`.
struct LogLineSeen {
    InstanceId instance;
    Run run{};
};

/// What all its processes hold in memory.
struct MemoryRead {
    InstanceId instance;
    Run run{};
    std::uint64_t bytes = 0;
};

struct ScheduleDue {
    ProcessId process{};
};

struct FilesChanged {
    ProcessId process{};
    std::string path; // the first of them
};

struct ConnectionWaiting {
    ProcessId process{};
};

/// Nothing of the app is left.
struct Swept {};

/// One instance of a process, or all.
struct Which {
    ProcessId process{};
    std::optional<std::uint32_t> index;
};

/// Of people. A process that depends on others which are stopped or disabled starts those, too.
struct StartAsked {
    Which which;
};

struct StopAsked {
    Which which;
};

struct RestartAsked {
    Which which;
};

/// Replace every instance by a new one, as `rollout` says.
struct RollAsked {
    ProcessId process{};
};

/// By its `reload`; where it has none, RollAsked for the whole process.
struct ReloadAsked {
    Which which;
};

struct ScaleAsked {
    ProcessId process{};
    std::uint32_t replicas = 1;
};

/// Stop every process in reverse dependency order, each with its grace; then finish: with 0, unless before that the
/// procfile had the app end or halt for a failure.
struct StopAll {};

/// Kill what is left at once; then finish with `code`.
struct KillAll {
    int code = 0;
};

using Event = std::variant<Begin, Spawned, SpawnFailed, Ended, GroupEmptied, MainPidChanged, CommandEnded, Drained,
                           ProbeAnswered, ObjectPublished, Notified, NewlineWritten, LogLineSeen, MemoryRead,
                           ScheduleDue, FilesChanged, ConnectionWaiting, Swept, StartAsked, StopAsked, RestartAsked,
                           RollAsked, ReloadAsked, ScaleAsked, StopAll, KillAll>;

} // namespace pandora::supervisor::core
