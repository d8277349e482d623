// All processes of one app: who may start when, in which order they stop, and when and with which code the app ends.
// Pure: events and the time go in, actions come out.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/core/actions.hpp"
#include "supervisor/core/events.hpp"
#include "supervisor/core/lifecycle.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace pandora::supervisor::core {

/// A worker is what the procfile names. A builtin is pandora's own (the hub): it starts before all workers, stops after
/// them, and never decides when the app ends.
enum class Role : std::uint8_t { worker, builtin };

struct Member {
    procfiles::ProcessSpec spec;
    Role role = Role::worker;
};

class Fleet {
public:
    /// Every dependency must name a member and there must be no cycle (procfiles::validate has seen to it).
    explicit Fleet(std::vector<Member> members);

    /// Takes one event that happened at `now`; `now` never decreases between calls.
    Actions handle(const Event& event, TimePoint now);

    /// Performs what is due at `now`. To be called at next_deadline(), or later.
    Actions advance(TimePoint now);

    std::optional<TimePoint> next_deadline() const;

    std::size_t size() const { return processes_.size(); }

    const Member& member(ProcessId process) const { return at(process).member; }

    const std::vector<Lifecycle>& instances(ProcessId process) const { return at(process).instances; }

    const Lifecycle& instance(InstanceId id) const { return at(id.process).instances.at(id.index); }

private:
    struct Edge {
        ProcessId on{};
        procfiles::Condition condition{};
    };

    struct Process {
        Member member;
        std::vector<Lifecycle> instances;
        std::vector<Edge> depends_on;
        std::vector<ProcessId> dependents;
    };

    enum class Phase : std::uint8_t { idle, running, stopping, finished };
    enum class Readiness : std::uint8_t { met, not_yet, never }; // from good to bad

    struct Verdict {
        Readiness readiness = Readiness::met;
        ProcessId on{}; // the dependency that decided
    };

    Process& at(ProcessId id) { return processes_.at(static_cast<std::size_t>(id)); }

    const Process& at(ProcessId id) const { return processes_.at(static_cast<std::size_t>(id)); }

    Lifecycle& find(InstanceId id) { return at(id.process).instances.at(id.index); }

    void connect(Process& process, ProcessId id);
    void apply(const Event& event, TimePoint now, Actions& out);
    void kill_all(TimePoint now, Actions& out);
    void settle(TimePoint now, Actions& out);
    void perform_due(TimePoint now, Actions& out);
    static int failure_code(const Lifecycle& instance);
    void note_ends();
    bool start_what_may(TimePoint now, Actions& out);
    bool stop_what_may(TimePoint now, Actions& out);
    Verdict check_all(const Process& process) const;
    Readiness check(const Edge& edge) const;
    bool all_down(const Process& process) const;
    bool workers_down() const;
    bool everything_down() const;

    std::vector<Process> processes_;
    Phase phase_ = Phase::idle;
    std::optional<int> exit_code_; // of the first worker that ended badly, or of what ended the app
};

} // namespace pandora::supervisor::core
