// What runs in a new child between clone and exec, and what it needs. The child works in the parent's memory while the
// parent is suspended: it reads this plan, makes raw system calls, allocates nothing, and ends in exec or _exit.
#pragma once

#include "supervisor/os/spawn.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <sys/resource.h>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::os {

/// `from` becomes `to`; -1 is /dev/null.
struct Placement {
    int from = -1;
    int to = -1;
};

struct LimitPlan {
    int resource = 0;
    rlimit64 value{};
};

struct ChildPlan {
    // Programs and their strings. The strings belong to the request; exec does not write to them.
    std::vector<const char*> candidates; // absolute or cwd-relative paths to try, in order
    std::vector<char*> argv;             // with a null at its end, like envp
    std::vector<char*> envp;
    std::vector<char*> pid_digits; // where the child writes its own pid, in strings of envp
    const char* working_directory = nullptr;
    int executable = -1;

    std::vector<Placement> streams; // 0, 1 and 2
    std::vector<Placement> passed;
    int number_max = 2; // the highest `to`
    bool controlling_terminal = false;
    std::optional<int> shared_below; // the table is the parent's own until all from this number on is unshared

    std::optional<mode_t> umask;
    std::vector<LimitPlan> limits;
    std::optional<int> nice;
    std::optional<int> io_priority;
    std::array<char, 6> oom_score_adj{}; // text; empty = stays
    std::vector<unsigned long> cpu_mask; // empty = stays
    std::vector<int> cgroup_entries;

    std::optional<RunAs> run_as;
    std::optional<CapabilitySet> capabilities;
    bool no_new_privileges = false;
    SignalSet perhaps_ignored;
    int parent_death_signal = 0;
    pid_t parent = 0;

    SpawnStage stage = SpawnStage::clone; // out
    int error = 0;                        // out: errno, 0 = exec succeeded
};

/// The child's entry; `argument` is its ChildPlan. Needs every signal handler cleared (CLONE_CLEAR_SIGHAND).
int child_main(void* argument);

} // namespace pandora::supervisor::os
