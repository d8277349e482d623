// All processes of one app: who may start when, in which order they stop, how many instances there are, and when and
// with which code the app ends. Pure: events and the time go in, actions come out.
//
// Every change of an instance is noted as it happens (counters, deadlines) and looked at once the event has been
// applied (react): one end may start, stop or restart others, which are changes again, until nothing follows any more.
// So an event costs what it touches, not the size of the fleet.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/core/actions.hpp"
#include "supervisor/core/events.hpp"
#include "supervisor/core/lifecycle.hpp"
#include "supervisor/core/rollout.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace pandora::supervisor::core {

/// A worker is what the procfile names. A builtin is pandora's own (the hub): it starts before all workers, stops after
/// them, and never decides when the app ends.
enum class Role : std::uint8_t { worker, builtin };

struct Member {
    procfiles::ProcessSpec spec;
    Role role = Role::worker;
};

struct FleetOptions {
    std::vector<procfiles::Group> groups;
    std::uint32_t max_unready = 0; // workers that may be starting at the same time; 0 = without limit
    std::uint32_t seed = 1;        // of all that is random in it
};

class Fleet {
public:
    /// Every dependency, and every member of a group, must name a member, and there must be no cycle
    /// (procfiles::validate has seen to it).
    explicit Fleet(std::vector<Member> members, const FleetOptions& options = {});

    /// Takes one event that happened at `now`; `now` never decreases between calls.
    Actions handle(const Event& event, TimePoint now);

    /// Performs what is due at `now`. To be called at next_deadline(), or later.
    Actions advance(TimePoint now);

    std::optional<TimePoint> next_deadline() const;

    std::size_t size() const { return processes_.size(); }

    const Member& member(ProcessId process) const { return at(process).member; }

    const std::vector<Lifecycle>& instances(ProcessId process) const { return at(process).instances; }

    /// Whether there is such an instance (now): a process can be scaled.
    bool has(InstanceId id) const { return id.index < at(id.process).instances.size(); }

    const Lifecycle& instance(InstanceId id) const { return at(id.process).instances.at(id.index); }

    bool is_rolling(ProcessId process) const { return at(process).rollout.has_value(); }

    /// Whatever still runs is being stopped, and the app ends with it.
    bool is_ending() const { return phase_ >= Phase::stopping; }

    /// What is asked for is done: not while it stops, for good or until a person looks at it.
    bool takes_requests() const { return phase_ == Phase::running; }

    /// What a pending instance waits for: "store: healthy"; empty where that is nothing it depends on.
    std::string waits_for(InstanceId id) const;

private:
    struct Edge {
        ProcessId on{};
        procfiles::Dependency dependency;
    };

    struct Process {
        Member member;
        std::vector<Lifecycle> instances; // by index
        std::vector<Edge> depends_on;
        std::vector<ProcessId> dependents;
        std::optional<std::size_t> group;
        std::optional<Rollout> rollout;
        std::uint32_t active = 0; // instances that run or may run without being asked; see is_active
        bool armed = false;       // Listen was asked for and has not been answered
        std::vector<std::optional<TimePoint>> deadlines; // by index: each instance's entry in deadlines_
    };

    struct Group {
        procfiles::Strategy strategy{};
        std::vector<ProcessId> members;
    };

    /// halting: all workers are stopped, but the app stays (on_give_up: stop_all).
    enum class Phase : std::uint8_t { idle, running, halting, stopping, sweeping, finished };
    enum class Readiness : std::uint8_t { met, not_yet, never }; // from good to bad

    struct Judgement {
        Readiness readiness = Readiness::met;
        const Edge* edge = nullptr; // the dependency that decided
    };

    struct Change {
        InstanceId instance;
        State from{};
        State to{};
    };

    using Deadline = std::pair<TimePoint, InstanceId>;

    Process& at(ProcessId id) { return processes_.at(static_cast<std::size_t>(id)); }

    const Process& at(ProcessId id) const { return processes_.at(static_cast<std::size_t>(id)); }

    ProcessId find(const std::string& name) const;

    bool is_worker(InstanceId id) const { return at(id.process).member.role == Role::worker; }

    // Building and bookkeeping: fleet.cpp
    void connect(ProcessId id);
    void add_instance(ProcessId id);
    void remove_retired(ProcessId id, Actions& out);
    template <class Act>
    void with(InstanceId id, Actions& out, const Act& act);
    void note(const Change& change);
    void index_deadline(const Lifecycle& instance);
    void apply(const Event& event, TimePoint now, Actions& out);
    void perform_due(TimePoint now, Actions& out);
    void settle(TimePoint now, Actions& out);
    void react(const Change& change, TimePoint now, Actions& out);
    void note_end(const Lifecycle& instance);
    void finish_what_is_over(Actions& out);

    // Order: fleet_order.cpp
    bool start_what_may(TimePoint now, Actions& out);
    bool start_instance(Lifecycle& instance, const Judgement& judgement, TimePoint now, Actions& out);
    bool stop_what_may(TimePoint now, Actions& out);
    Judgement judge(const Process& process) const;
    Readiness check(const Edge& edge) const;
    bool group_is_stopping(const Process& process) const;
    bool may_begin(InstanceId id) const;
    void follow_strategy(const Change& change, TimePoint now, Actions& out);
    void start_dependencies(ProcessId id, TimePoint now, Actions& out);
    bool is_over() const;
    bool is_halted() const; // what was given up had all stop (on_give_up: stop_all), and a person is to look at it

    // Requests, scale and rollout: fleet_requests.cpp
    void ask(const StartAsked& asked, TimePoint now, Actions& out);
    void ask(const StopAsked& asked, TimePoint now, Actions& out);
    void ask(const RestartAsked& asked, TimePoint now, Actions& out);
    void ask(const RollAsked& asked, TimePoint now, Actions& out);
    void ask(const ReloadAsked& asked, TimePoint now, Actions& out);
    void ask(const ScaleAsked& asked, TimePoint now, Actions& out);
    void ask(const ScheduleDue& due, TimePoint now, Actions& out);
    void ask(const FilesChanged& changed, TimePoint now, Actions& out);
    void ask(const ConnectionWaiting& waiting, TimePoint now, Actions& out);
    static std::vector<Slot> slots_of(const Process& process);
    void resize(ProcessId id, std::uint32_t replicas, TimePoint now, Actions& out);
    void step_rollout(ProcessId id, TimePoint now, Actions& out);
    void abandon_rollout(ProcessId id, TimePoint now, Actions& out);
    void for_each(const Which& which, const std::function<void(InstanceId)>& act);

    std::vector<Process> processes_;
    std::vector<Group> groups_;
    std::minstd_rand random_;
    std::uint32_t max_unready_ = 0;
    Phase phase_ = Phase::idle;
    std::optional<int> exit_code_; // none = 0; see note_end(), StopAll and KillAll
    std::deque<Change> changes_;   // not yet reacted to
    std::set<InstanceId> waiting_; // those that want to start
    std::set<Deadline> deadlines_;
    std::set<ProcessId> rolling_;
    std::uint32_t active_workers_ = 0;
    std::uint32_t active_ = 0;
    std::uint32_t unready_ = 0; // workers that are starting
};

/// Lets something happen to an instance, and takes note of what became of it.
template <class Act>
void Fleet::with(InstanceId id, Actions& out, const Act& act)
{
    auto& instance = at(id.process).instances.at(id.index);
    const auto before = out.size();
    act(instance);
    for (auto n = before; n < out.size(); ++n) {
        const auto* change = std::get_if<Announce>(&out[n]);
        if (change == nullptr) continue;
        note({change->instance, change->from, change->to});
        changes_.push_back({change->instance, change->from, change->to});
    }
    index_deadline(instance);
    if (instance.wants_start())
        waiting_.insert(id);
    else
        waiting_.erase(id);
}

} // namespace pandora::supervisor::core
