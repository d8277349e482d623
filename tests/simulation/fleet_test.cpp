// Random fleets of processes that crash, hang, leave children behind, cannot be started, are slow to get ready or fail
// their probes, while people start, stop, restart, reload, roll and scale them, and that are stopped at a random
// moment. Whatever happens: an index has one live process at most, nothing starts before what it depends on or after a
// stop was asked for, no window holds more restarts than allowed, no more are starting at once than allowed, and every
// stop ends with nothing left. A failure prints its seed; PANDORA_SEED=<n> replays it.
#include "supervisor/core/fleet.hpp"
#include "supervisor/core/overloaded.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <set>
#include <string>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::Condition;
using procfiles::ProcessSpec;
using procfiles::Restart;

/// What the operating system would hold of one instance.
struct Process {
    Run run{};
    bool leader = false;
    bool leftovers = false; // members of the group that outlive the leader
    bool deaf = false;      // ends by SIGKILL alone
    bool healthy = true;    // its probes pass
    std::set<Command> commands;
};

class World {
public:
    explicit World(std::uint64_t seed)
        : random_{seed}, specs_{make_specs()}, options_{make_options(seed)}, fleet_{members(), options_}
    {}

    /// Runs until the fleet has finished.
    void run()
    {
        const auto stop_at = now_ + Millis{pick(60'000)};
        later(stop_at - now_, [this] {
            stopping_ = true;
            handle(StopAll{});
        });
        if (one_in(4)) later(stop_at + Millis{pick(30'000)} - now_, [this] { handle(KillAll{130}); });
        for (auto n = pick(12); n > 0; --n) later(Millis{pick(60'000)}, [this] { ask_for_something(); });
        handle(Begin{});
        while (!finished_) {
            ASSERT_LT(now_, stop_at + 30min) << "the stop does not end";
            step();
            if (testing::Test::HasFatalFailure()) return;
        }
        for (const auto& [id, process] : processes_) {
            EXPECT_FALSE(process.leader || process.leftovers) << "left running";
            for (const auto command : process.commands) ADD_FAILURE() << name(command) << " left running";
        }
    }

private:
    struct Later {
        TimePoint at;
        std::uint64_t order; // of those at the same time the first planned comes first
        std::function<void()> act;

        bool operator>(const Later& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
    };

    std::uint32_t pick(std::uint32_t below)
    {
        return std::uniform_int_distribution<std::uint32_t>{0, below - 1}(random_);
    }

    bool one_in(std::uint32_t n) { return pick(n) == 0; }

    void later(Clock::duration after, std::function<void()> act)
    {
        plans_.push({now_ + after, order_++, std::move(act)});
    }

    /// Goes to whatever comes next: something the world does, or a deadline of the fleet.
    void step()
    {
        const auto deadline = fleet_.next_deadline();
        const bool planned = !plans_.empty() && (!deadline || plans_.top().at <= *deadline);
        ASSERT_TRUE(planned || deadline) << "nothing will ever happen again";
        if (planned) {
            const auto next = plans_.top();
            plans_.pop();
            now_ = std::max(now_, next.at);
            next.act();
        } else {
            now_ = std::max(now_, *deadline);
            perform(fleet_.advance(now_));
        }
    }

    void handle(const Event& event)
    {
        if (!finished_) perform(fleet_.handle(event, now_));
    }

    // --- what there is ------------------------------------------------------------------------------------------

    procfiles::Probe make_probe()
    {
        return {.action = procfiles::TcpProbe{},
                .initial_delay = Millis{pick(2) * pick(3'000)},
                .period = Millis{500 + pick(3'000)},
                .success_threshold = 1 + pick(2),
                .failure_threshold = 1 + pick(3)};
    }

    ProcessSpec make_spec(const std::string& name)
    {
        ProcessSpec spec{.name = name, .replicas = 1 + pick(3)};
        spec.availability = {.restart = static_cast<Restart>(pick(3)),
                             .backoff = Millis{pick(3) * 100},
                             .max_restarts = pick(2) * pick(6),
                             .on_give_up = static_cast<procfiles::OnGiveUp>(one_in(8) ? 1 + pick(2) : 0)};
        spec.shutdown = {.command = one_in(4) ? "stop" : "",
                         .timeout = Millis{1 + pick(5'000)},
                         .parent_only = one_in(4),
                         .drain = Millis{pick(2) * pick(2'000)}};
        if (one_in(4)) spec.readiness.objects = {"object"};
        if (one_in(4)) spec.readiness.notify = true;
        if (one_in(4)) spec.readiness.probe = make_probe();
        if (one_in(2)) spec.readiness.timeout = Millis{1'000 + pick(5'000)};
        if (one_in(4)) spec.liveness = make_probe();
        if (one_in(6)) spec.watchdog = Millis{2'000 + pick(5'000)};
        if (one_in(6)) spec.recycle.age = Millis{3'000 + pick(10'000)};
        if (one_in(4)) spec.hooks.before_start = procfiles::Hook{.command = "h", .timeout = Millis{500 + pick(1'000)}};
        if (one_in(6)) spec.hooks.after_start = procfiles::Hook{.command = "h", .timeout = 1s};
        if (one_in(6)) spec.hooks.before_stop = procfiles::Hook{.command = "h", .timeout = 1s};
        if (one_in(6)) spec.hooks.after_stop = procfiles::Hook{.command = "h", .timeout = 1s};
        spec.rollout = {.max_surge = pick(3), .max_unavailable = 1 + pick(2)};
        spec.disabled = one_in(10);
        return spec;
    }

    std::vector<ProcessSpec> make_specs()
    {
        std::vector<ProcessSpec> specs;
        for (std::uint32_t n = 1 + pick(8); n > 0; --n) {
            auto spec = make_spec("p" + std::to_string(specs.size()));
            for (const auto& earlier : specs)
                if (one_in(4)) spec.depends_on.push_back({earlier.name, static_cast<Condition>(pick(6))});
            specs.push_back(std::move(spec));
        }
        return specs;
    }

    FleetOptions make_options(std::uint64_t seed)
    {
        FleetOptions options{.seed = static_cast<std::uint32_t>(seed)};
        if (one_in(3)) options.max_unready = 1 + pick(3);
        if (!one_in(3)) return options;
        procfiles::Group group{.name = "g", .strategy = static_cast<procfiles::Strategy>(pick(3))};
        for (const auto& spec : specs_)
            if (one_in(2)) group.processes.push_back(spec.name);
        options.groups.push_back(std::move(group));
        return options;
    }

    std::vector<Member> members() const
    {
        std::vector<Member> out{
            {ProcessSpec{.name = "hub", .availability = {.restart = Restart::always}}, Role::builtin}};
        for (const auto& spec : specs_) out.push_back({spec, Role::worker});
        return out;
    }

    bool is_builtin(InstanceId id) const { return fleet_.member(id.process).role == Role::builtin; }

    // --- what people ask for ------------------------------------------------------------------------------------

    void ask_for_something()
    {
        const ProcessId process{1 + pick(static_cast<std::uint32_t>(specs_.size()))};
        const Which which{process, one_in(2) ? std::optional{pick(3)} : std::nullopt};
        asked_.insert(process);
        switch (pick(7)) {
        case 0: return handle(StartAsked{which});
        case 1: return handle(StopAsked{which});
        case 2: return handle(RestartAsked{which});
        case 3: return handle(RollAsked{process});
        case 4: return handle(ReloadAsked{which});
        case 5: return handle(ScaleAsked{process, 1 + pick(4)});
        default: return handle(FilesChanged{process, "file"});
        }
    }

    // --- what the fleet does ------------------------------------------------------------------------------------

    void perform(const Actions& actions)
    {
        for (const auto& action : actions) {
            ASSERT_FALSE(finished_) << "nothing comes after Finish";
            std::visit(Overloaded{
                           [&](const Spawn& a) { start(a); },
                           [&](const Signal& a) { deliver(a); },
                           [&](const RunCommand& a) { run_command(a); },
                           [&](const CancelCommand& a) { end_command(a.instance, a.command, Killed{SIGKILL}); },
                           [&](const Drain& a) {
                               later(Millis{pick(3'000)}, [=, this] { handle(Drained{a.instance, a.run}); });
                           },
                           [&](const RunProbe& a) { probe(a); },
                           [&](const Sweep&) { later(0ms, [this] { handle(Swept{}); }); },
                           [&](const Finish&) { finished_ = true; },
                           [&](const Announce& a) { note(a); },
                           [](const Listen&) {},
                           [](const Removed&) {},
                           [](const Tell&) {},
                       },
                       action);
            if (testing::Test::HasFatalFailure()) return;
        }
    }

    void note(const Announce& change)
    {
        const bool first_run = fleet_.has(change.instance) && fleet_.instance(change.instance).run() <= Run{1};
        const bool fresh = change.to == State::starting && first_run; // an index that was scaled away and came back
        if (change.to == State::pending || fresh) restarts_[change.instance].clear(); // a person's start: a new budget
        if (change.to == State::backoff) restarts_[change.instance].push_back(change.at);
        expect_no_restart_beyond_the_window(change.instance);
        if (options_.max_unready == 0) return;
        std::uint32_t unready = 0;
        for (std::uint32_t n = 1; n < fleet_.size(); ++n)
            for (const auto& instance : fleet_.instances(ProcessId{n}))
                unready += instance.state() == State::starting ? 1 : 0;
        EXPECT_LE(unready, options_.max_unready);
    }

    void expect_no_restart_beyond_the_window(InstanceId id)
    {
        const auto& rule = fleet_.member(id.process).spec.availability;
        auto& times = restarts_[id];
        std::erase_if(times, [&](TimePoint at) { return at + rule.restart_window <= now_; });
        if (rule.max_restarts > 0) {
            EXPECT_LE(times.size(), rule.max_restarts);
        }
    }

    void start(const Spawn& spawn)
    {
        const auto id = spawn.instance;
        auto& process = processes_[id];
        ASSERT_FALSE(process.leader || process.leftovers) << "two lives of one instance";
        ASSERT_TRUE(!stopping_ || is_builtin(id)) << "a start after the stop was asked for";
        expect_dependencies_started(id);
        if (one_in(20)) return later(0ms, [this, id] { handle(SpawnFailed{id, {"cannot execute", 127}}); });
        process = {
            .run = spawn.run, .leader = true, .deaf = one_in(10), .healthy = !one_in(8), .commands = process.commands};
        if (one_in(2)) end_later(id, Millis{pick(20'000)});
        started_.insert(id.process);
        later(0ms, [this, id] { handle(Spawned{id, 1}); });
        const auto happens = [&](auto event) {
            later(Millis{pick(4'000)}, [=, this] { if_running(id, spawn.run, event); });
        };
        if (!one_in(4)) happens(ObjectPublished{id, "object"});
        if (!one_in(4)) happens(Notified{id, {.ready = true}});
        if (one_in(2)) happens(LogLineSeen{id, spawn.run});
    }

    void if_running(InstanceId id, Run run, const Event& event)
    {
        const auto& process = processes_[id];
        if (process.leader && process.run == run) handle(event);
    }

    void expect_dependencies_started(InstanceId id)
    {
        if (is_builtin(id)) return;
        for (const auto& dependency : fleet_.member(id.process).spec.depends_on)
            for (std::uint32_t n = 0; n < fleet_.size(); ++n) {
                const bool meant = fleet_.member(ProcessId{n}).spec.name == dependency.process;
                if (!meant || dependency.condition == Condition::completed) continue; // which a failed start meets, too
                EXPECT_TRUE(started_.contains(ProcessId{n})) << "before " << dependency.process;
            }
    }

    void deliver(const Signal& signal)
    {
        auto& process = processes_[signal.instance];
        const bool kill = signal.signal == SIGKILL;
        if (kill) end_command(signal.instance, Command::stop, Killed{SIGKILL});
        if (signal.signal == SIGCONT || (process.deaf && !kill)) return;
        const auto soon = Millis{kill ? 0 : pick(3'000)};
        if (process.leader) end_later(signal.instance, soon);
        if (process.leftovers && signal.target == Target::group)
            later(soon, [this, id = signal.instance, run = process.run] { end_leftovers(id, run); });
    }

    void end_later(InstanceId id, Clock::duration after)
    {
        later(after, [this, id, run = processes_[id].run] { end_leader(id, run); });
    }

    void end_leader(InstanceId id, Run run)
    {
        auto& process = processes_[id];
        if (!process.leader || process.run != run) return;
        process.leader = false;
        process.leftovers = one_in(5);
        const ExitStatus status = one_in(2) ? ExitStatus{Exited{static_cast<int>(pick(3))}} : Killed{SIGKILL, false};
        const bool busy = process.leftovers || process.commands.contains(Command::stop);
        handle(Ended{.instance = id, .status = status, .group_empty = !busy});
    }

    void end_leftovers(InstanceId id, Run run)
    {
        auto& process = processes_[id];
        if (!process.leftovers || process.run != run) return;
        process.leftovers = false;
        if (!process.commands.contains(Command::stop)) handle(GroupEmptied{id});
    }

    void run_command(const RunCommand& action)
    {
        const auto& [id, run, command] = action;
        if (one_in(6))
            return later(0ms, [=, this] {
                handle(CommandEnded{action.instance, action.run, action.command, NotStarted{}});
            });
        processes_[id].commands.insert(command);
        runs_of_commands_[{id, command}] = run;
        if (command == Command::stop && one_in(2)) end_later(id, Millis{pick(3'000)});
        if (one_in(5)) return; // it hangs
        later(Millis{pick(2'000)},
              [=, this] { end_command(action.instance, action.command, Exited{one_in(6) ? 1 : 0}); });
    }

    void end_command(InstanceId id, Command command, const ExitStatus& status)
    {
        auto& process = processes_[id];
        if (process.commands.erase(command) == 0) return;
        const auto run = runs_of_commands_[{id, command}];
        later(0ms, [=, this] {
            handle(CommandEnded{id, run, command, status});
            const auto& now = processes_[id];
            if (command == Command::stop && now.run == run && !now.leader && !now.leftovers) handle(GroupEmptied{id});
        });
    }

    void probe(const RunProbe& action)
    {
        const bool passes = processes_[action.instance].healthy ? !one_in(10) : one_in(4);
        later(Millis{pick(1'000)}, [=, this] {
            handle(ProbeAnswered{action.instance, action.run, action.kind, passes, "as it is"});
        });
    }

    std::mt19937_64 random_;
    std::vector<ProcessSpec> specs_;
    FleetOptions options_;
    TimePoint now_{};
    Fleet fleet_;
    std::priority_queue<Later, std::vector<Later>, std::greater<>> plans_;
    std::uint64_t order_ = 0;
    std::map<InstanceId, Process> processes_;
    std::map<std::pair<InstanceId, Command>, Run> runs_of_commands_;
    std::map<InstanceId, std::vector<TimePoint>> restarts_;
    std::set<ProcessId> started_;
    std::set<ProcessId> asked_;
    bool stopping_ = false;
    bool finished_ = false;
};

TEST(FleetSimulation, HoldsItsInvariantsThroughRandomHistories)
{
    const char* replay = std::getenv("PANDORA_SEED");
    const std::uint64_t first = replay ? std::stoull(replay) : 1;
    const std::uint64_t last = replay ? first : 3'000;
    for (auto seed = first; seed <= last; ++seed) {
        SCOPED_TRACE("PANDORA_SEED=" + std::to_string(seed));
        World{seed}.run();
        if (testing::Test::HasFailure()) return;
    }
}

} // namespace
} // namespace pandora::supervisor::core
