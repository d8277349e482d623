// When a process that was left behind gets which signal. Pure: who is there and the time come in, signals come out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::os {

/// A live process, by its number and the time it started: together never another's.
struct Survivor {
    pid_t pid = 0;
    std::uint64_t start_time = 0; // clock ticks since boot, as in /proc/PID/stat
    std::string command;          // what it is called
    std::string process;          // PANDORA_PROCESS and PANDORA_INSTANCE of its environment: whom it belonged to
    std::string instance;         // ... empty where that does not tell
    bool operator==(const Survivor&) const = default;
};

/// "web/1: pid 4711 (sleep)", "pid 4711 (sleep)".
std::string describe(const Survivor& survivor);

/// Each gets TERM (and CONT, or a stopped one would never see it) when it is first seen. When the grace is over, all
/// that is still there, newcomers too, gets KILL at every look: who forks on cannot buy time.
class SurvivorPlan {
public:
    using Clock = std::chrono::steady_clock;

    struct Patience {
        std::chrono::milliseconds grace{10'000};     // between TERM and KILL
        std::chrono::milliseconds after_kill{2'000}; // then what is left is in the kernel's hands, and is left to it
        std::chrono::milliseconds between_looks{20}; // each look reads /proc
    };

    struct Order {
        Survivor to;
        std::vector<int> signals;
        bool operator==(const Order&) const = default;
    };

    struct Step {
        std::vector<Order> orders;
        std::optional<std::chrono::milliseconds> again; // look again after so long; none = over
    };

    SurvivorPlan(Patience patience, Clock::time_point now);

    /// The grace is over now.
    void hurry(Clock::time_point now);

    /// `alive`: all that bear the marks at `now`.
    Step next(const std::vector<Survivor>& alive, Clock::time_point now);

    /// Of the last step: those it saw for the first time.
    const std::vector<Survivor>& newcomers() const { return newcomers_; }

private:
    Patience patience_;
    Clock::time_point kill_at_;
    std::vector<Survivor> known_;
    std::vector<Survivor> newcomers_;
};

} // namespace pandora::supervisor::os
