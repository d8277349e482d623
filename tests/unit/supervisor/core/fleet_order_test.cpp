#include "supervisor/core/fleet.hpp"
#include "tests/support/stage.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <functional>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::Condition;
using procfiles::ProcessSpec;
using procfiles::Restart;
using procfiles::Strategy;
using tests::support::process;
using tests::support::rule;
using tests::support::Stage;
using tests::support::Words;

/// "after" depends on "job"; told how "job" is, and whether "after" has been started then.
struct Case {
    std::string name;
    std::function<void(Stage&)> happens;
    State after;
};

void expect(Condition condition, const ProcessSpec& job, const std::vector<Case>& cases)
{
    for (const auto& [name, happens, after] : cases) {
        Stage stage{{job, process("after", {{"job", condition}}), process("other")}};
        stage.begin();
        happens(stage);
        EXPECT_EQ(stage.state("after"), after) << name;
    }
}

const auto not_at_all = [](Stage&) {};
const auto ends_well = [](Stage& stage) { stage.end("job", Exited{0}); };
const auto ends_badly = [](Stage& stage) { stage.end("job", Exited{1}); };
const auto gets_ready = [](Stage& stage) { stage.ready("job"); };
const auto is_stopped = [](Stage& stage) {
    stage.stop("job");
    stage.obey("job");
};

TEST(FleetOrder, StartsWhatDependsOnNothingAtOnceAndTheRestInOrder)
{
    Stage stage{{process("c", {{"b", Condition::completed_successfully}}), process("a"), process("b", {{"a"}})}};
    EXPECT_EQ(stage.begin(), (Words{"+a", "+b"}));
    EXPECT_EQ(stage.end("b", Exited{0}), Words{"+c"});
}

TEST(FleetOrder, HealthyMeansThatEveryPromiseOfEveryReplicaIsKept)
{
    auto store = process("store");
    store.readiness.objects = {"store"};
    store.replicas = 2;
    Stage stage{{store, process("web", {{"store", Condition::healthy}})}};
    EXPECT_EQ(stage.begin(), (Words{"+store/0", "+store/1"}));
    EXPECT_EQ(stage.play(ObjectPublished{stage.find("store", 1), "store"}), Words{});
    EXPECT_EQ(stage.play(ObjectPublished{stage.find("store", 0), "store"}), Words{"+web"});
}

TEST(FleetOrder, CompletedIsMetByAnyEndButNotByARestart)
{
    auto job = process("job");
    job.availability = rule({.restart = Restart::on_failure, .backoff = 1s, .max_restarts = 1});
    Stage stage{{job, process("after", {{"job", Condition::completed}})}};
    stage.begin();
    EXPECT_EQ(stage.end("job", Exited{1}), Words{});
    EXPECT_EQ(stage.wait(1s), Words{"+job"});
    EXPECT_EQ(stage.end("job", Exited{1}), Words{"+after"});
}

TEST(FleetOrder, WhatCanNeverStartFailsWithItsDependencyAndTheCodeIsTheCauses)
{
    Stage stage{{process("last", {{"next", Condition::started}}),
                 process("next", {{"job", Condition::completed_successfully}}), process("job")}};
    stage.begin();
    EXPECT_EQ(stage.end("job", Exited{5}), Words{"=5"});
    EXPECT_EQ(stage.state("next"), State::failed);
    EXPECT_EQ(stage.state("last"), State::failed);
}

TEST(FleetOrder, AnUnspawnableDependencyIsAFailedOne)
{
    Stage stage{{process("job"), process("next", {{"job"}})}};
    stage.unspawnable = {"job"};
    EXPECT_EQ(stage.begin(), (Words{"+job", "=127"}));
}

TEST(FleetOrder, StopsDependentsBeforeWhatTheyDependOn)
{
    Stage stage{{process("db"), process("api", {{"db"}}), process("web", {{"api"}}), process("job")}};
    stage.begin();
    EXPECT_EQ(stage.stop_all(), (Words{"-web", "-job"}));
    EXPECT_EQ(stage.end("job", Killed{SIGTERM, false}), Words{});
    EXPECT_EQ(stage.end("web", Killed{SIGTERM, false}), Words{"-api"});
    EXPECT_EQ(stage.end("api", Exited{0}), Words{"-db"});
    EXPECT_EQ(stage.end("db", Exited{1}), Words{"=0"}) << "an end that was asked for is no failure";
}

TEST(FleetOrder, AStopBeforeADependentStartedNeverStartsIt)
{
    Stage stage{{process("job"), process("after", {{"job", Condition::completed}})}};
    stage.begin();
    EXPECT_EQ(stage.stop_all(), Words{"-job"});
    EXPECT_EQ(stage.end("job", Exited{0}), Words{"=0"});
    EXPECT_EQ(stage.state("after"), State::completed);
}

TEST(FleetOrder, WhatWaitsForItsRestartIsNotStartedDuringAStop)
{
    auto db = process("db");
    db.availability = rule({.restart = Restart::always, .backoff = 1s});
    Stage stage{{db, process("web", {{"db"}})}};
    stage.begin();
    stage.end("db", Exited{1});
    EXPECT_EQ(stage.stop_all(), Words{"-web"});
    EXPECT_EQ(stage.wait(2s), Words{});
    EXPECT_EQ(stage.end("web", Killed{SIGTERM, false}), Words{"=0"});
}

// --- conditions ----------------------------------------------------------------------------------------------------

TEST(FleetOrder, StartedIsMetByExecEvenIfItIsNotReadyAndByWhatHasRunSince)
{
    auto job = process("job");
    job.readiness.notify = true;
    expect(Condition::started, job, {{"starting", not_at_all, State::ready}});
    auto on_demand = job;
    on_demand.on_demand = true;
    expect(Condition::started, on_demand, {{"listening", not_at_all, State::ready}});
    auto hook = job;
    hook.hooks.before_start = procfiles::Hook{"./before"};
    expect(Condition::started, hook,
           {{"preparing", not_at_all, State::pending},
            {"its hook failed", [](Stage& stage) { stage.command_ends("job", Command::before_start, Exited{1}); },
             State::failed}});
}

TEST(FleetOrder, WhatIsBeingRestartedCountsAsStartedOnlyOnceItRunsAgain)
{
    auto job = process("job");
    job.availability = rule({.restart = Restart::always, .backoff = 1s});
    Stage stage{{job, process("after", {{"job"}})}};
    stage.begin();
    stage.end("after", Exited{0});
    stage.end("job", Exited{0});
    EXPECT_EQ(stage.start("after"), Words{});
    EXPECT_EQ(stage.waits_for("after"), "job to be started");
    EXPECT_EQ(stage.wait(1s), (Words{"+job", "+after"}));
}

TEST(FleetOrder, HealthyIsMetWhileItIsReadyAndNeverOnceItIsDown)
{
    auto job = process("job");
    job.readiness.notify = true;
    expect(Condition::healthy, job,
           {{"starting", not_at_all, State::pending},
            {"ready", gets_ready, State::ready},
            {"ended well before it was", ends_well, State::failed},
            {"ended badly", ends_badly, State::failed},
            {"kept down by a person", is_stopped, State::pending}});
    job.availability = rule({.restart = Restart::always});
    expect(Condition::healthy, job, {{"to be restarted", ends_badly, State::pending}});
    job.on_demand = true;
    expect(Condition::healthy, job, {{"listening", not_at_all, State::ready}});
}

TEST(FleetOrder, CompletedIsMetByAnyEndThatIsNotFollowedByARestart)
{
    expect(Condition::completed, process("job"),
           {{"running", not_at_all, State::pending},
            {"ended well", ends_well, State::ready},
            {"ended badly", ends_badly, State::ready},
            {"kept down by a person", is_stopped, State::pending}});
    auto nightly = process("job");
    nightly.schedule = procfiles::Schedule{.when = procfiles::Interval{1h}};
    const auto due = [](Stage& stage) { stage.play(ScheduleDue{stage.find("job", 0).process}); };
    expect(Condition::completed, nightly,
           {{"not due yet", not_at_all, State::pending},
            {"running", due, State::pending},
            {"has run once", [&](Stage& stage) { due(stage), ends_badly(stage); }, State::ready}});
}

TEST(FleetOrder, CompletedSuccessfullyIsMetByAGoodEndAsTheProcfileDefinesIt)
{
    auto job = process("job");
    job.success_exit_codes = {3};
    expect(Condition::completed_successfully, job,
           {{"running", not_at_all, State::pending},
            {"exit 0", ends_well, State::ready},
            {"a good exit code", [](Stage& stage) { stage.end("job", Exited{3}); }, State::ready},
            {"a bad one", ends_badly, State::failed},
            {"kept down by a person", is_stopped, State::pending}});
    job.availability = rule({.restart = Restart::on_failure});
    expect(Condition::completed_successfully, job, {{"to be restarted", ends_badly, State::pending}});
    job.availability = rule({.restart = Restart::always, .backoff = 0ms, .max_restarts = 1});
    expect(
        Condition::completed_successfully, job,
        {{"given up, though it ended well", [](Stage& stage) { ends_well(stage), ends_well(stage); }, State::failed}});
}

TEST(FleetOrder, LogReadyIsMetByTheLineEvenIfMoreIsPromised)
{
    auto job = process("job");
    job.readiness = {.notify = true, .log_line = "up"};
    expect(Condition::log_ready, job,
           {{"silent", not_at_all, State::pending},
            {"ready otherwise", gets_ready, State::pending},
            {"seen", [](Stage& stage) { stage.show_line("job"); }, State::ready},
            {"ended without it", ends_well, State::failed}});
}

TEST(FleetOrder, ObjectPublishedIsMetByTheNamedObjectOrByAllThatArePromised)
{
    auto job = process("job");
    job.readiness.objects = {"a", "b"};
    const auto publishes = [](Words objects) {
        return [objects](Stage& stage) {
            for (const auto& object : objects) stage.publish("job", object);
        };
    };
    expect(Condition::object_published, job,
           {{"none", not_at_all, State::pending},
            {"one of two", publishes({"a"}), State::pending},
            {"all", publishes({"a", "b"}), State::ready},
            {"ended without", ends_well, State::failed}});
    Stage stage{{job, process("after", {{"job", Condition::object_published, "b"}})}};
    stage.begin();
    EXPECT_EQ(stage.publish("job", "a"), Words{});
    EXPECT_EQ(stage.publish("job", "b"), Words{"+after"});
}

TEST(FleetOrder, TheWorstOfSeveralDependenciesDecides)
{
    auto slow = process("slow");
    slow.readiness.notify = true;
    Stage stage{{slow, process("job"), process("after", {{"slow", Condition::healthy}, {"job", Condition::healthy}})}};
    stage.begin();
    EXPECT_EQ(stage.waits_for("after"), "slow to be ready");
    stage.end("job", Exited{1});
    EXPECT_EQ(stage.state("after"), State::failed) << "it need not wait for slow any more";
}

TEST(FleetOrder, DependentsOfDisabledAndHeldProcessesWaitForPeople)
{
    auto db = process("db");
    db.disabled = true;
    Stage stage{{db, process("web", {{"db", Condition::healthy}}), process("top", {{"web"}})}};
    EXPECT_EQ(stage.begin(), Words{});
    EXPECT_EQ(stage.waits_for("web"), "db to be ready");
    EXPECT_EQ(stage.waits_for("top"), "web to be started");
    EXPECT_EQ(stage.start("db"), (Words{"+db", "+web", "+top"}));
    EXPECT_EQ(stage.waits_for("web"), "");
}

TEST(FleetOrder, WaitsForTellsEveryConditionInWords)
{
    for (const auto& [condition, text] : {
             std::pair{Condition::started, "db to be started"},
             std::pair{Condition::healthy, "db to be ready"},
             std::pair{Condition::completed, "db to complete"},
             std::pair{Condition::completed_successfully, "db to complete successfully"},
             std::pair{Condition::log_ready, "db to write its ready_log_line"},
             std::pair{Condition::object_published, "db to publish its objects"},
         }) {
        auto db = process("db");
        db.disabled = true;
        Stage stage{{db, process("web", {{"db", condition}})}};
        stage.begin();
        EXPECT_EQ(stage.waits_for("web"), text);
    }
}

TEST(FleetOrder, StartingAProcessPullsInWhatItNeedsAndPeopleHaveKeptDown)
{
    auto disk = process("disk");
    disk.disabled = true;
    auto db = process("db", {{"disk"}});
    db.disabled = true;
    Stage stage{{disk, db, process("web", {{"db"}}), process("other", {{"disk"}})}};
    stage.begin();
    EXPECT_EQ(stage.start("web"), (Words{"+disk", "+db", "+web", "+other"})) << "which other was waiting for, too";
    stage.stop("db");
    stage.obey("db");
    stage.stop("web");
    stage.obey("web");
    EXPECT_EQ(stage.restart("web"), (Words{"+db", "+web"}));
}

TEST(FleetOrder, ARestartByItselfDoesNotWaitForDependencies)
{
    auto web = process("web", {{"db", Condition::healthy}});
    web.availability = rule({.restart = Restart::always, .backoff = 0ms});
    auto db = process("db");
    db.availability = rule({.restart = Restart::always, .backoff = 1h});
    Stage stage{{db, web}};
    stage.begin();
    stage.end("db", Exited{1});
    EXPECT_EQ(stage.end("web", Exited{1}), Words{"+web"});
}

// --- how many at once ----------------------------------------------------------------------------------------------

TEST(FleetOrder, NoMoreStartAtTheSameTimeThanAllowedAndTheHubIsNotCounted)
{
    std::vector<ProcessSpec> specs;
    for (const char* name : {"a", "b", "c", "d"}) {
        specs.push_back(process(name));
        specs.back().readiness.notify = true;
    }
    specs.back().availability = rule({.restart = Restart::always, .backoff = 1s});
    Stage stage{specs, true, {.max_unready = 2}};
    EXPECT_EQ(stage.begin(), (Words{"+hub", "+a", "+b"}));
    EXPECT_EQ(stage.waits_for("c"), "its turn: 2 others are starting");
    EXPECT_EQ(stage.end("hub", Killed{SIGKILL, false}), Words{"+hub"});
    EXPECT_EQ(stage.ready("b"), Words{"+c"});
    EXPECT_EQ(stage.end("a", Exited{1}), Words{"+d"}) << "whoever fails makes room";
    stage.end("d", Exited{1});
    stage.start("a");
    EXPECT_EQ(stage.wait(1s), Words{}) << "c and a are starting";
    EXPECT_EQ(stage.waits_for("d"), "its turn: 2 others are starting");
    EXPECT_EQ(stage.ready("c"), Words{"+d"});
}

TEST(FleetOrder, WhatIsRestartedByItselfWaitsForItsTurnAloneAndSaysSo)
{
    auto slow = process("slow");
    slow.readiness.notify = true;
    auto web = process("web", {{"db", Condition::healthy}});
    web.availability = rule({.restart = Restart::always, .backoff = 1s});
    Stage stage{{process("db"), web, slow}, false, {.max_unready = 1}};
    EXPECT_EQ(stage.begin(), (Words{"+db", "+web", "+slow"}));
    stage.end("db", Exited{0});
    stage.end("web", Exited{1});
    EXPECT_EQ(stage.wait(1s), Words{});
    EXPECT_EQ(stage.waits_for("web"), "its turn: 1 others are starting");
    EXPECT_EQ(stage.ready("slow"), Words{"+web"});
}

// --- groups --------------------------------------------------------------------------------------------------------

Stage group_of_three(Strategy strategy, procfiles::Availability availability)
{
    std::vector<ProcessSpec> specs{process("a"), process("b"), process("c"), process("outside")};
    for (auto& spec : specs) spec.availability = rule(availability);
    Stage stage{specs, false, {.groups = {{.name = "g", .strategy = strategy, .processes = {"a", "b", "c"}}}}};
    stage.begin();
    return stage;
}

TEST(FleetOrder, AStrategyDecidesWhoIsRestartedWithAMember)
{
    struct Row {
        Strategy strategy;
        std::string ends;
        Words stopped;
    };

    for (const auto& [strategy, ends, stopped] : {
             Row{Strategy::one_for_one, "b", {}},
             Row{Strategy::one_for_all, "b", {"-a", "-c"}},
             Row{Strategy::rest_for_one, "a", {"-b", "-c"}},
             Row{Strategy::rest_for_one, "b", {"-c"}},
             Row{Strategy::rest_for_one, "c", {}},
         }) {
        auto stage = group_of_three(strategy, {.restart = Restart::always, .backoff = 1s});
        EXPECT_EQ(stage.end(ends, Exited{1}), stopped) << ends;
    }
}

TEST(FleetOrder, TheOtherReplicasOfAMemberGoWithItOnlyWhereAllDo)
{
    for (const auto strategy : {Strategy::one_for_all, Strategy::rest_for_one}) {
        auto web = process("web");
        web.replicas = 2;
        web.availability = rule({.restart = Restart::always});
        Stage stage{{web}, false, {.groups = {{.name = "g", .strategy = strategy, .processes = {"web"}}}}};
        stage.begin();
        EXPECT_EQ(stage.end("web", Exited{1}), strategy == Strategy::one_for_all ? Words{"-web/1"} : Words{});
    }
}

TEST(FleetOrder, NobodyOfAGroupStartsBeforeAllWhoAreRestartedAreDown)
{
    auto stage = group_of_three(Strategy::one_for_all, {.restart = Restart::on_failure, .backoff = 1s});
    EXPECT_EQ(stage.end("b", Exited{1}), (Words{"-a", "-c"}));
    EXPECT_EQ(stage.obey("a"), Words{}) << "c is still there";
    EXPECT_EQ(stage.waits_for("a"), "the rest of its group to stop");
    EXPECT_EQ(stage.wait(1s), Words{}) << "nor b, whose delay is over";
    EXPECT_EQ(stage.waits_for("b"), "the rest of its group to stop");
    EXPECT_EQ(stage.obey("c"), (Words{"+a", "+b", "+c"}));
    EXPECT_EQ(stage.fleet().instance(stage.find("a", 0)).restarts(), 1U);
    EXPECT_EQ(stage.state("outside"), State::ready);
}

TEST(FleetOrder, AGoodEndThatIsNotRestartedLeavesTheGroupAlone)
{
    auto stage = group_of_three(Strategy::one_for_all, {.restart = Restart::on_failure});
    EXPECT_EQ(stage.end("b", Exited{0}), Words{});
    EXPECT_EQ(stage.stop("a"), Words{"-a"}) << "nor does what a person asks of one of them";
    EXPECT_EQ(stage.obey("a"), Words{});
    EXPECT_EQ(stage.state("c"), State::ready);
}

TEST(FleetOrder, AMemberThatGaveUpStopsTheOthersEvenThoseThatWaitForTheirRestart)
{
    auto stage = group_of_three(Strategy::one_for_all, {.restart = Restart::always, .backoff = 5s, .max_restarts = 1});
    stage.end("b", Exited{1});
    stage.obey("a");
    stage.obey("c");
    EXPECT_EQ(stage.wait(5s), Words{"+b"});
    EXPECT_EQ(stage.end("b", Exited{1}), (Words{"-a", "-c"}));
    EXPECT_EQ(stage.obey("a"), Words{});
    EXPECT_EQ(stage.obey("c"), Words{});
    EXPECT_EQ(stage.wait(1h), Words{});

    auto waiting =
        group_of_three(Strategy::rest_for_one, {.restart = Restart::always, .backoff = 5s, .max_restarts = 1});
    waiting.end("b", Exited{1});
    waiting.obey("c");
    waiting.wait(5s);
    EXPECT_EQ(waiting.end("c", Exited{1}), Words{}) << "backoff";
    EXPECT_EQ(waiting.end("b", Exited{1}), Words{});
    EXPECT_EQ(waiting.state("c"), State::completed);
    EXPECT_EQ(waiting.wait(5s), Words{});
}

// --- stopping ------------------------------------------------------------------------------------------------------

TEST(FleetOrder, WhatIsBeingPreparedNeverStartsDuringAStop)
{
    auto web = process("web", {{"db"}});
    web.hooks.before_start = procfiles::Hook{"./before"};
    Stage stage{{process("db"), web}};
    stage.begin();
    EXPECT_EQ(stage.stop_all(), Words{}) << "db is stopped when the hook has ended";
    EXPECT_EQ(stage.command_ends("web", Command::before_start), Words{"-db"});
    EXPECT_EQ(stage.obey("db"), Words{"=0"});
}

TEST(FleetOrder, AStopHoldsARestartThatIsUnderWay)
{
    Stage stage{{process("db"), process("web", {{"db"}})}};
    stage.begin();
    stage.restart("web");
    EXPECT_EQ(stage.stop_all(), Words{}) << "web has been told";
    EXPECT_EQ(stage.obey("web"), Words{"-db"});
    EXPECT_EQ(stage.obey("db"), Words{"=0"});
}

TEST(FleetOrder, StoppingOneProcessLeavesItsDependentsUp)
{
    Stage stage{{process("db"), process("web", {{"db"}})}};
    stage.begin();
    EXPECT_EQ(stage.stop("db"), Words{"-db"});
    stage.obey("db");
    EXPECT_EQ(stage.state("web"), State::ready);
}

TEST(FleetOrder, WhatIsBeingPreparedIsStoppedAtOnceEvenBeforeItsDependents)
{
    auto db = process("db");
    db.hooks.before_start = procfiles::Hook{"./before"};
    Stage stage{{db, process("web", {{"db"}})}};
    stage.begin();
    stage.command_ends("db", Command::before_start);
    stage.restart("db");
    stage.obey("db");
    EXPECT_EQ(stage.state("db"), State::starting);
    EXPECT_EQ(stage.stop_all(), Words{"-web"});
    EXPECT_EQ(stage.state("db"), State::stopping) << "or it would be spawned during the stop";
}

} // namespace
} // namespace pandora::supervisor::core
