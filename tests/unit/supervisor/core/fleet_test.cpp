#include "supervisor/core/fleet.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::Condition;
using procfiles::ProcessSpec;
using procfiles::Restart;

using Words = std::vector<std::string>;

ProcessSpec process(std::string name, std::vector<procfiles::Dependency> depends_on = {})
{
    return {.name = std::move(name), .depends_on = std::move(depends_on)};
}

/// Without jitter, so that delays can be told.
procfiles::Availability rule(procfiles::Availability availability)
{
    availability.backoff_jitter = 0;
    return availability;
}

/// A fleet whose processes do what the test says; pids are made up and every spawn succeeds at once.
class Stage {
public:
    explicit Stage(const std::vector<ProcessSpec>& specs, bool with_hub = false) : fleet_{members(specs, with_hub)} {}

    Words begin() { return play(Begin{}); }

    Words stop() { return play(StopAll{}); }

    Words end(const std::string& name, ExitStatus status, std::uint32_t index = 0)
    {
        return play(Ended{find(name, index), status, true});
    }

    Words publish(const std::string& name, std::string object)
    {
        return play(ObjectPublished{find(name, 0), std::move(object)});
    }

    Words wait(Millis by)
    {
        now_ += by;
        return perform(fleet_.advance(now_));
    }

    Words play(const Event& event) { return perform(fleet_.handle(event, now_)); }

    State state(const std::string& name) { return fleet_.instance(find(name, 0)).state(); }

    InstanceId find(const std::string& name, std::uint32_t index)
    {
        for (std::uint32_t n = 0; n < fleet_.size(); ++n)
            if (fleet_.member(ProcessId{n}).spec.name == name) return {ProcessId{n}, index};
        throw std::out_of_range{name};
    }

    Words unspawnable; // spawns of these fail

private:
    static std::vector<Member> members(const std::vector<ProcessSpec>& specs, bool with_hub)
    {
        std::vector<Member> out;
        if (with_hub) {
            auto hub = process("hub");
            hub.availability = rule({.restart = Restart::always, .backoff = 0ms});
            out.push_back({hub, Role::builtin});
        }
        for (const auto& spec : specs) out.push_back({spec, Role::worker});
        return out;
    }

    /// "+web" spawned, "-web" signalled to stop, "!web" killed, "=3" finished with 3.
    Words perform(const Actions& actions)
    {
        Words out;
        const auto append = [&](const Words& more) { out.insert(out.end(), more.begin(), more.end()); };
        for (const auto& action : actions) {
            if (const auto* a = std::get_if<Spawn>(&action)) {
                const auto& name = label(a->instance);
                out.push_back("+" + name);
                if (std::ranges::find(unspawnable, name) != unspawnable.end())
                    append(play(SpawnFailed{a->instance, NotStarted{"cannot execute", 127}}));
                else
                    append(play(Spawned{a->instance, next_pid_++}));
            }
            if (const auto* a = std::get_if<Signal>(&action); a && a->signal != SIGCONT)
                out.push_back((a->signal == SIGKILL ? "!" : "-") + label(a->instance));
            if (std::get_if<Sweep>(&action)) append(play(Swept{}));
            if (const auto* a = std::get_if<Finish>(&action)) out.push_back("=" + std::to_string(a->code));
        }
        return out;
    }

    std::string label(InstanceId id)
    {
        const auto& spec = fleet_.member(id.process).spec;
        return spec.replicas == 1 ? spec.name : spec.name + "/" + std::to_string(id.index);
    }

    Fleet fleet_;
    TimePoint now_{};
    pid_t next_pid_ = 1000;
};

TEST(Fleet, StartsWhatDependsOnNothingAtOnceAndTheRestInOrder)
{
    Stage stage{{process("c", {{"b", Condition::completed_successfully}}), process("a"), process("b", {{"a"}})}};
    EXPECT_EQ(stage.begin(), (Words{"+a", "+b"}));
    EXPECT_EQ(stage.end("b", Exited{0}), Words{"+c"});
}

TEST(Fleet, HealthyMeansThatEveryPromiseOfEveryReplicaIsKept)
{
    auto store = process("store");
    store.readiness.objects = {"store"};
    store.replicas = 2;
    Stage stage{{store, process("web", {{"store", Condition::healthy}})}};
    EXPECT_EQ(stage.begin(), (Words{"+store/0", "+store/1"}));
    EXPECT_EQ(stage.play(ObjectPublished{stage.find("store", 1), "store"}), Words{});
    EXPECT_EQ(stage.play(ObjectPublished{stage.find("store", 0), "store"}), Words{"+web"});
}

TEST(Fleet, CompletedIsMetByAnyEndButNotByARestart)
{
    auto job = process("job");
    job.availability = rule({.restart = Restart::on_failure, .backoff = 1s, .max_restarts = 1});
    Stage stage{{job, process("after", {{"job", Condition::completed}})}};
    stage.begin();
    EXPECT_EQ(stage.end("job", Exited{1}), Words{});
    EXPECT_EQ(stage.wait(1s), Words{"+job"});
    EXPECT_EQ(stage.end("job", Exited{1}), Words{"+after"});
}

TEST(Fleet, WhatCanNeverStartFailsWithItsDependencyAndTheCodeIsTheCauses)
{
    Stage stage{{process("last", {{"next", Condition::started}}),
                 process("next", {{"job", Condition::completed_successfully}}), process("job")}};
    stage.begin();
    EXPECT_EQ(stage.end("job", Exited{5}), Words{"=5"});
    EXPECT_EQ(stage.state("next"), State::failed);
    EXPECT_EQ(stage.state("last"), State::failed);
}

TEST(Fleet, AnUnspawnableDependencyIsAFailedOne)
{
    Stage stage{{process("job"), process("next", {{"job"}})}};
    stage.unspawnable = {"job"};
    EXPECT_EQ(stage.begin(), (Words{"+job", "=127"}));
}

TEST(Fleet, EndsWhenEveryProcessHasEndedWithTheCodeOfTheFirstFailure)
{
    Stage stage{{process("a"), process("b"), process("c")}};
    stage.begin();
    EXPECT_EQ(stage.end("a", Exited{0}), Words{});
    EXPECT_EQ(stage.end("c", Killed{SIGSEGV, false}), Words{});
    EXPECT_EQ(stage.end("b", Exited{7}), Words{"=139"});
}

TEST(Fleet, EndsWithZeroWhenAllEndedWell)
{
    Stage stage{{process("a"), process("b")}};
    stage.begin();
    stage.end("a", Exited{0});
    EXPECT_EQ(stage.end("b", Exited{0}), Words{"=0"});
}

TEST(Fleet, StopsDependentsBeforeWhatTheyDependOn)
{
    Stage stage{{process("db"), process("api", {{"db"}}), process("web", {{"api"}}), process("job")}};
    stage.begin();
    EXPECT_EQ(stage.stop(), (Words{"-web", "-job"}));
    EXPECT_EQ(stage.end("job", Killed{SIGTERM, false}), Words{});
    EXPECT_EQ(stage.end("web", Killed{SIGTERM, false}), Words{"-api"});
    EXPECT_EQ(stage.end("api", Exited{0}), Words{"-db"});
    EXPECT_EQ(stage.end("db", Exited{1}), Words{"=0"}) << "an end that was asked for is no failure";
}

TEST(Fleet, AStopBeforeADependentStartedNeverStartsIt)
{
    Stage stage{{process("job"), process("after", {{"job", Condition::completed}})}};
    stage.begin();
    EXPECT_EQ(stage.stop(), Words{"-job"});
    EXPECT_EQ(stage.end("job", Exited{0}), Words{"=0"});
    EXPECT_EQ(stage.state("after"), State::completed);
}

TEST(Fleet, AFailureBeforeTheStopStillDecidesTheCode)
{
    Stage stage{{process("job"), process("web")}};
    stage.begin();
    stage.end("job", Exited{9});
    stage.stop();
    EXPECT_EQ(stage.end("web", Killed{SIGTERM, false}), Words{"=9"});
}

TEST(Fleet, KillAllSparesNobodyAndItsCodeWins)
{
    Stage stage{{process("db"), process("web", {{"db"}})}};
    stage.begin();
    stage.stop();
    EXPECT_EQ(stage.play(KillAll{130}), (Words{"!db", "!web"}));
    stage.end("db", Killed{SIGKILL, false});
    EXPECT_EQ(stage.end("web", Killed{SIGKILL, false}), Words{"=130"});
}

TEST(Fleet, ExitOnFailureEndsTheOthersAndGivesItsCode)
{
    auto vital = process("vital");
    vital.availability.restart = Restart::exit_on_failure;
    Stage stage{{vital, process("web")}};
    stage.begin();
    EXPECT_EQ(stage.end("vital", Exited{4}), Words{"-web"});
    EXPECT_EQ(stage.end("web", Killed{SIGTERM, false}), Words{"=4"});
}

TEST(Fleet, ExitOnEndEndsTheOthersEvenAfterSuccess)
{
    auto main = process("main");
    main.availability = rule({.restart = Restart::always, .exit_on_end = true});
    Stage stage{{main, process("sidecar")}};
    stage.begin();
    EXPECT_EQ(stage.end("main", Exited{0}), Words{"-sidecar"});
    EXPECT_EQ(stage.end("sidecar", Killed{SIGTERM, false}), Words{"=0"});
}

TEST(Fleet, TheHubStartsFirstStopsLastAndDoesNotKeepTheAppAlive)
{
    Stage stage{{process("web")}, true};
    EXPECT_EQ(stage.begin(), (Words{"+hub", "+web"}));
    EXPECT_EQ(stage.end("web", Exited{0}), Words{"-hub"});
    EXPECT_EQ(stage.end("hub", Exited{0}), Words{"=0"});
}

TEST(Fleet, ADeadHubIsStartedAgainAndNoWorkerNotices)
{
    Stage stage{{process("web")}, true};
    stage.begin();
    EXPECT_EQ(stage.end("hub", Killed{SIGKILL, false}), Words{"+hub"});
    EXPECT_EQ(stage.state("web"), State::ready);
}

TEST(Fleet, WhatWaitsForItsRestartIsNotStartedDuringAStop)
{
    auto db = process("db");
    db.availability = rule({.restart = Restart::always, .backoff = 1s});
    Stage stage{{db, process("web", {{"db"}})}};
    stage.begin();
    stage.end("db", Exited{1});
    EXPECT_EQ(stage.stop(), Words{"-web"});
    EXPECT_EQ(stage.wait(2s), Words{});
    EXPECT_EQ(stage.end("web", Killed{SIGTERM, false}), Words{"=0"});
}

TEST(Fleet, WhatEndsByItselfDuringAStopIsNotStartedAgain)
{
    auto db = process("db");
    db.availability = rule({.restart = Restart::always, .backoff = 0ms});
    Stage stage{{db, process("web", {{"db"}})}};
    stage.begin();
    stage.stop();
    EXPECT_EQ(stage.end("db", Exited{1}), Words{});
    EXPECT_EQ(stage.end("web", Exited{0}), Words{"=0"});
}

TEST(Fleet, AGivenUpProcessIsAFailureEvenWhereItsLastEndWasGood)
{
    auto flaky = process("flaky");
    flaky.availability = rule({.restart = Restart::always, .backoff = 0ms, .max_restarts = 1});
    Stage stage{{flaky}};
    stage.begin();
    EXPECT_EQ(stage.end("flaky", Exited{0}), Words{"+flaky"});
    EXPECT_EQ(stage.end("flaky", Exited{0}), Words{"=1"});
}

TEST(Fleet, AProgramThatCannotStartIsTriedAgainLaterNotForEverAtOnce)
{
    auto eager = process("eager");
    eager.availability = rule({.restart = Restart::always, .backoff = 0ms});
    Stage stage{{eager}};
    stage.unspawnable = {"eager"};
    EXPECT_EQ(stage.begin(), Words{"+eager"});
    EXPECT_EQ(stage.wait(100ms), Words{"+eager"});
}

TEST(Fleet, TellsItsNextDeadline)
{
    auto slow = process("slow");
    slow.availability = rule({.restart = Restart::always, .backoff = 5s});
    auto quick = process("quick");
    quick.availability = rule({.restart = Restart::always, .backoff = 2s});
    Fleet fleet{{{slow}, {quick}}};
    const TimePoint start{};
    fleet.handle(Begin{}, start);
    EXPECT_EQ(fleet.next_deadline(), std::nullopt);
    fleet.handle(Ended{{ProcessId{0}, 0}, Exited{1}, true}, start);
    EXPECT_EQ(fleet.next_deadline(), start + 5s);
    fleet.handle(Ended{{ProcessId{1}, 0}, Exited{1}, true}, start + 1s);
    EXPECT_EQ(fleet.next_deadline(), start + 3s);
}

} // namespace
} // namespace pandora::supervisor::core
