// Random fleets of processes that crash, hang, leave children behind and cannot be started, stopped at a random moment.
// Whatever happens: an instance has one live process at most, nothing starts before what it depends on or after a stop
// was asked for, and every stop ends. A failure prints its seed; PANDORA_SEED=<n> replays it.
#include "supervisor/core/fleet.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
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
    bool leader = false;
    bool leftovers = false;           // members of the group that outlive the leader
    bool deaf = false;                // ends by SIGKILL alone
    std::optional<TimePoint> ends_at; // by itself, or of a signal it has got
    std::optional<TimePoint> leftovers_end_at;
};

class World {
public:
    explicit World(std::uint64_t seed) : random_{seed}, specs_{make_specs()}, fleet_{members()} {}

    /// Runs until the fleet has finished.
    void run()
    {
        const auto stop_at = now_ + Millis{pick(60'000)};
        const auto kill_at = stop_at + Millis{pick(30'000)};
        const bool kills = pick(4) == 0;
        perform(fleet_.handle(Begin{}, now_));
        while (!finished_) {
            now_ = next_moment(stop_at);
            ASSERT_LT(now_, stop_at + 10min) << "the stop does not end";
            if (!stopping_ && now_ >= stop_at) {
                stopping_ = true;
                perform(fleet_.handle(StopAll{}, now_));
            } else if (stopping_ && kills && !killed_ && now_ >= kill_at) {
                killed_ = true;
                perform(fleet_.handle(KillAll{130}, now_));
            } else {
                let_things_happen();
            }
        }
        for (const auto& [id, process] : processes_) EXPECT_FALSE(process.leader || process.leftovers);
    }

private:
    std::uint32_t pick(std::uint32_t below)
    {
        return std::uniform_int_distribution<std::uint32_t>{0, below - 1}(random_);
    }

    std::vector<ProcessSpec> make_specs()
    {
        std::vector<ProcessSpec> specs(1 + pick(8));
        for (std::size_t i = 0; i < specs.size(); ++i) {
            auto& spec = specs[i];
            spec.name = "p" + std::to_string(i);
            spec.replicas = 1 + pick(3);
            spec.availability = {.restart = static_cast<Restart>(pick(3)),
                                 .backoff = Millis{pick(3) * 100},
                                 .max_restarts = pick(2) * pick(6)};
            spec.shutdown = {
                .command = pick(4) == 0 ? "stop" : "", .timeout = Millis{1 + pick(5'000)}, .parent_only = pick(4) == 0};
            if (pick(4) == 0) spec.objects = {"object"};
            for (std::size_t earlier = 0; earlier < i; ++earlier)
                if (pick(4) == 0) spec.depends_on.push_back({specs[earlier].name, static_cast<Condition>(pick(4)), {}});
        }
        return specs;
    }

    std::vector<Member> members() const
    {
        std::vector<Member> out{
            {ProcessSpec{.name = "hub", .availability = {.restart = Restart::always}}, Role::builtin}};
        for (const auto& spec : specs_) out.push_back({spec, Role::worker});
        return out;
    }

    bool is_builtin(InstanceId id) const { return fleet_.member(id.process).role == Role::builtin; }

    void perform(const Actions& actions)
    {
        for (const auto& action : actions) {
            ASSERT_FALSE(finished_) << "nothing comes after Finish";
            if (const auto* spawn = std::get_if<Spawn>(&action)) start(spawn->instance);
            if (const auto* signal = std::get_if<Signal>(&action)) deliver(*signal);
            if (const auto* command = std::get_if<RunStopCommand>(&action)) run_stop_command(command->instance);
            if (std::get_if<Finish>(&action)) finished_ = true;
        }
    }

    void start(InstanceId id)
    {
        auto& process = processes_[id];
        ASSERT_FALSE(process.leader || process.leftovers) << "two lives of one instance";
        ASSERT_TRUE(!stopping_ || is_builtin(id)) << "a start after the stop was asked for";
        expect_dependencies_started(id);
        if (pick(20) == 0) return perform(fleet_.handle(SpawnFailed{id, {"cannot execute", 127}}, now_));
        process = {.leader = true, .leftovers = false, .deaf = pick(10) == 0, .ends_at = {}, .leftovers_end_at = {}};
        if (pick(2) == 0) process.ends_at = now_ + Millis{pick(20'000)};
        started_.insert(id.process);
        perform(fleet_.handle(Spawned{id, 1}, now_));
        if (pick(3) != 0) perform(fleet_.handle(ObjectPublished{id, "object"}, now_));
    }

    void expect_dependencies_started(InstanceId id)
    {
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
        const bool kill = signal.signal == 9;
        if (signal.signal == 18 || (process.deaf && !kill)) return; // SIGCONT ends nobody
        const auto soon = now_ + Millis{kill ? 0 : pick(3'000)};
        if (process.leader) process.ends_at = soon;
        if (process.leftovers && signal.target == Target::group) process.leftovers_end_at = soon;
    }

    void run_stop_command(InstanceId id)
    {
        if (pick(4) == 0) return perform(fleet_.handle(StopCommandFailed{id}, now_));
        if (pick(2) == 0) processes_[id].ends_at = now_ + Millis{pick(3'000)};
    }

    TimePoint next_moment(TimePoint stop_at)
    {
        TimePoint next = now_ + 1s;
        if (!stopping_) next = std::min(next, std::max(stop_at, now_));
        if (const auto deadline = fleet_.next_deadline()) next = std::min(next, std::max(*deadline, now_));
        return next;
    }

    void let_things_happen()
    {
        perform(fleet_.advance(now_));
        for (std::uint32_t n = 0; n < fleet_.size(); ++n)
            for (std::uint32_t i = 0; i < fleet_.instances(ProcessId{n}).size() && !finished_; ++i)
                end_what_is_due({ProcessId{n}, i});
    }

    void end_what_is_due(InstanceId id)
    {
        auto& process = processes_[id];
        if (process.leader && process.ends_at && *process.ends_at <= now_) {
            process.leader = false;
            process.leftovers = pick(5) == 0;
            const ExitStatus status = pick(2) == 0 ? ExitStatus{Exited{static_cast<int>(pick(3))}} : Killed{9, false};
            return perform(fleet_.handle(Ended{id, status, !process.leftovers}, now_));
        }
        if (process.leftovers && process.leftovers_end_at && *process.leftovers_end_at <= now_) {
            process.leftovers = false;
            perform(fleet_.handle(GroupEmptied{id}, now_));
        }
    }

    std::mt19937_64 random_;
    std::vector<ProcessSpec> specs_;
    TimePoint now_{};
    Fleet fleet_;
    std::map<InstanceId, Process> processes_;
    std::set<ProcessId> started_;
    bool stopping_ = false;
    bool killed_ = false;
    bool finished_ = false;
};

TEST(FleetSimulation, HoldsItsInvariantsThroughRandomHistories)
{
    const char* replay = std::getenv("PANDORA_SEED");
    const std::uint64_t first = replay ? std::stoull(replay) : 1;
    const std::uint64_t last = replay ? first : 2'000;
    for (auto seed = first; seed <= last; ++seed) {
        SCOPED_TRACE("PANDORA_SEED=" + std::to_string(seed));
        World{seed}.run();
        if (testing::Test::HasFailure()) return;
    }
}

} // namespace
} // namespace pandora::supervisor::core
