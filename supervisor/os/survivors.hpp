// Processes of an app run that outlived the process that answered for them: they left its process group by setsid, or
// their master was killed. They are known by what the environment of their program says, or by whom they descend from.
// One that has cleared its environment is lost with a killed master, from whom it descended: nothing else tells for
// sure whose it was, for the numbers of sessions and groups may be others' by then.
#pragma once

#include "supervisor/os/survivor_plan.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::os {

/// The variable that tells the runs of an app apart; each life of a master has a value of its own.
inline constexpr std::string_view run_id_variable = "PANDORA_RUN_ID";

/// What makes a process one of those sought. Any of the marks is enough; the asking process never is one.
struct SurvivorMarks {
    std::string run_id;          // its environment has PANDORA_RUN_ID with this value; empty = not looked at
    std::vector<uid_t> uids;     // the environment is read only of processes of these users
    pid_t ancestor = 0;          // it descends from this process: orphans do from their subreaper; 0 = not looked at
    bool everything = false;     // as PID 1: whatever there is in the pid namespace
    std::vector<pid_t> excepted; // never, nor what descends from them
};

/// Those that run now, zombies aside, in the order of their pids. Reads /proc once, ~20 us a process, and at most 1 MiB
/// of each environment.
std::vector<Survivor> find_survivors(const SurvivorMarks& marks, const std::filesystem::path& proc = "/proc");

/// Sends the signal unless the number has become another process' in the meantime. False: it is gone, or may not be
/// signalled.
bool signal_survivor(const Survivor& survivor, int signal);

/// The value of `name` in a block of NUL-terminated "NAME=value" strings, as /proc/PID/environ holds them.
std::optional<std::string_view> variable_in(std::string_view block, std::string_view name);

/// One attempt to end all that bears the marks: TERM, grace, KILL.
class SurvivorSweep {
public:
    using Clock = SurvivorPlan::Clock;

    SurvivorSweep(SurvivorMarks marks, SurvivorPlan::Patience patience, Clock::time_point now);

    /// Looks, and signals what is due. Call it again after the delay it returns; none = it is over: nothing is left, or
    /// what is left cannot be killed.
    std::optional<std::chrono::milliseconds> step(Clock::time_point now);

    /// Somebody has lost patience: the next step kills.
    void hurry(Clock::time_point now) { plan_.hurry(now); }

    /// Seen by the last step for the first time: to be named to people.
    const std::vector<Survivor>& newcomers() const { return plan_.newcomers(); }

    /// Still there at the last step.
    const std::vector<Survivor>& left() const { return left_; }

private:
    SurvivorMarks marks_;
    SurvivorPlan plan_;
    std::vector<Survivor> left_;
};

/// Blocks until the sweep is over, for grace and patience at the most; `found` is told of each survivor as it is first
/// seen. Returns what could not be ended. For the start of a master, before it has a loop.
std::vector<Survivor> end_survivors(SurvivorMarks marks, SurvivorPlan::Patience patience,
                                    const std::function<void(const Survivor&)>& found);

} // namespace pandora::supervisor::os
