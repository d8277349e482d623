// Starts a program with clone3(CLONE_PIDFD | CLONE_VFORK | CLONE_VM | CLONE_CLEAR_SIGHAND): the parent's memory is
// never copied, the child's errors come back by value, and the child is known by a pidfd from birth.
#pragma once

#include "supervisor/os/capabilities.hpp"
#include "supervisor/os/descriptor_shelf.hpp"
#include "supervisor/os/signal_set.hpp"
#include "supervisor/os/spawn_error.hpp"
#include "supervisor/os/unique_fd.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::os {

/// The user and the groups that a program runs as.
struct RunAs {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups; // supplementary; all others are dropped
};

/// RLIMIT_NOFILE; see getrlimit(2).
struct DescriptorLimit {
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
};

/// Any limit of getrlimit(2); RLIM_INFINITY = none.
struct ResourceLimit {
    int resource = 0; // RLIMIT_*
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
};

/// A descriptor that the child gets under a number of its own.
struct PassedDescriptor {
    int descriptor = -1; // borrowed
    int number = -1;
};

/// Raises this process' soft limit to its hard one: a master needs three descriptors a worker. Returns what it was, for
/// the children: a program that uses select(2) must not get descriptors above 1023 without having asked.
DescriptorLimit raise_descriptor_limit();

/// Everything the child needs, prepared before there is a child: after the clone it only makes system calls. What is
/// absent stays as the parent has it.
struct SpawnRequest {
    std::vector<std::string> argv;           // argv[0] without a slash is looked up in the child's own PATH
    std::vector<std::string> environment;    // "NAME=value"
    std::filesystem::path working_directory; // empty = the parent's
    int standard_input = -1;                 // borrowed; -1 = /dev/null
    int standard_output = -1;                // borrowed; -1 = /dev/null
    int standard_error = -1;                 // borrowed; -1 = /dev/null
    bool controlling_terminal = false;       // the standard streams are a terminal, which becomes that of its session
    std::vector<int> listen_fds;             // borrowed; become 3, 4, ... with LISTEN_FDS and LISTEN_PID set
    std::vector<std::string> listen_names;   // their LISTEN_FDNAMES; empty = not set
    std::vector<PassedDescriptor> passed;    // further ones; a number also used by listen_fds goes to this one
    std::vector<std::string> own_pid_variables; // names of variables that tell the child its own pid: WATCHDOG_PID
    std::optional<int> executable;              // borrowed; executed instead of looking argv[0] up (execveat)

    std::optional<mode_t> umask;
    std::optional<DescriptorLimit> descriptor_limit;
    std::vector<ResourceLimit> resource_limits; // after descriptor_limit
    std::optional<int> nice;
    std::optional<int> io_priority;     // as ioprio_set(2) encodes it
    std::optional<int> oom_score_adj;   // -1000 to 1000
    std::vector<unsigned> cpu_affinity; // CPU numbers; empty = as the parent has it
    int cgroup = -1;                    // borrowed: the folder of a cgroup of version 2, where it is born
    std::vector<int> cgroup_entries;    // borrowed: `cgroup.procs` of version 1, which it writes itself into

    std::optional<RunAs> run_as;
    std::optional<CapabilitySet> capabilities; // exactly these, also beside root; absent = as the user has them
    bool no_new_privileges = false;
    int parent_death_signal = 15; // SIGTERM: what the child gets when the thread that spawned it dies

    /// Borrowed: what makes the start cheap in a process with many descriptors. Null = without.
    DescriptorShelf* shelf = nullptr;

    /// Those that may be ignored here, which exec would pass on: they are set to their defaults, at a system call each.
    SignalSet perhaps_ignored = SignalSet::all();
};

struct Spawned {
    pid_t pid = 0;
    UniqueFd pidfd;
};

/// Returns once exec has succeeded, or with the step that failed (nothing is left behind then). The child leads its own
/// session and process group, has every signal at its default and none blocked, and only the descriptors asked for.
/// Blocks the caller until exec, ~50 us where the file system answers. To be called on one thread only, the one that
/// lives as long as the children: PR_SET_PDEATHSIG follows the spawning thread.
/// Needs Linux 5.9 (close_range).
SpawnResult<Spawned> spawn(const SpawnRequest& request);

/// Kills the process group of a child that nobody can watch, and reaps the child.
void abandon(pid_t child);

} // namespace pandora::supervisor::os
