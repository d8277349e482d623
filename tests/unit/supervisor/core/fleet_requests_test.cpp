#include "supervisor/core/fleet.hpp"
#include "tests/support/stage.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::ProcessSpec;
using procfiles::Restart;
using tests::support::process;
using tests::support::rule;
using tests::support::Stage;
using tests::support::Words;

ProcessSpec notifying(std::string name, std::uint32_t replicas)
{
    auto spec = process(std::move(name));
    spec.replicas = replicas;
    spec.readiness.notify = true;
    return spec;
}

/// A stage on which every replica is ready.
Stage ready_stage(const ProcessSpec& spec)
{
    Stage stage{{spec}};
    stage.begin();
    for (std::uint32_t n = 0; n < spec.replicas; ++n) stage.ready(spec.name, n);
    return stage;
}

bool is_rolling(const Stage& stage) { return stage.fleet().is_rolling(ProcessId{0}); }

// --- start, stop, restart, reload ------------------------------------------------------------------------------------

TEST(FleetRequests, OneInstanceOrAllAreStoppedStartedAndRestarted)
{
    auto stage = ready_stage(notifying("web", 2));
    const auto one = [&](std::uint32_t index) { return Which{ProcessId{0}, index}; };
    EXPECT_EQ(stage.play(StopAsked{one(1)}), Words{"-web/1"});
    EXPECT_EQ(stage.obey("web", 1), Words{});
    EXPECT_EQ(stage.play(StartAsked{one(0)}), Words{}) << "it runs";
    EXPECT_EQ(stage.play(StartAsked{one(1)}), Words{"+web/1"});
    EXPECT_EQ(stage.play(RestartAsked{one(0)}), Words{"-web/0"});
    EXPECT_EQ(stage.obey("web", 0), Words{"+web/0"});
    EXPECT_EQ(stage.play(StopAsked{one(2)}), Words{}) << "there is none";
    EXPECT_EQ(stage.stop("web"), (Words{"-web/0", "-web/1"}));
    stage.obey("web", 0);
    stage.obey("web", 1);
    EXPECT_EQ(stage.start("web"), (Words{"+web/0", "+web/1"}));
    EXPECT_EQ(stage.restart("web"), (Words{"-web/0", "-web/1"}));
}

TEST(FleetRequests, NothingIsDoneBeforeTheBeginNorDuringAStop)
{
    auto tool = process("tool");
    tool.disabled = true;
    Stage stage{{process("web"), tool}};
    EXPECT_EQ(stage.start("tool"), Words{});
    EXPECT_EQ(stage.begin(), Words{"+web"});
    stage.stop_all();
    EXPECT_EQ(stage.restart("web"), Words{});
    EXPECT_EQ(stage.scale("web", 3), Words{});
    EXPECT_EQ(stage.obey("web"), Words{"=0"});
}

TEST(FleetRequests, AReloadGoesToOneInstanceOrAllThatAreReady)
{
    auto spec = notifying("web", 3);
    spec.reload = procfiles::ReloadSignal{SIGHUP};
    Stage stage{{spec}};
    stage.begin();
    stage.ready("web", 0);
    stage.ready("web", 1);
    EXPECT_EQ(stage.play(ReloadAsked{stage.which("web")}), (Words{"~web/0", "~web/1"}));
    EXPECT_EQ(stage.play(ReloadAsked{{ProcessId{0}, 1}}), Words{"~web/1"});
}

TEST(FleetRequests, AReloadIsARollingReplaceWhereThereIsNoOtherWay)
{
    auto stage = ready_stage(notifying("web", 1));
    EXPECT_EQ(stage.play(ReloadAsked{stage.which("web")}), Words{"+web/1"});
    EXPECT_TRUE(is_rolling(stage));
}

// --- scale -----------------------------------------------------------------------------------------------------------

TEST(FleetRequests, ScalingStartsAndEndsTheInstancesOfTheHighestIndexes)
{
    auto stage = ready_stage(notifying("web", 2));
    EXPECT_EQ(stage.scale("web", 4), (Words{"+web/2", "+web/3"}));
    EXPECT_EQ(stage.scale("web", 1), (Words{"-web/1", "-web/2", "-web/3"}));
    EXPECT_EQ(stage.count("web"), 4U) << "they have not ended yet";
    stage.obey("web", 2);
    EXPECT_EQ(stage.count("web"), 4U) << "an index is not given away below one that lives";
    stage.obey("web", 3);
    EXPECT_EQ(stage.count("web"), 2U);
    EXPECT_EQ(stage.scale("web", 3), Words{"+web/2"}) << "1 is on its way down: it comes back when it has ended";
    EXPECT_EQ(stage.obey("web", 1), Words{"+web/1"});
}

TEST(FleetRequests, WhatIsScaledAwayIsNeitherAFailureNorHeldByAPerson)
{
    auto stage = ready_stage(notifying("web", 2));
    stage.scale("web", 1);
    EXPECT_EQ(stage.end("web", Exited{9}, 1), Words{});
    EXPECT_EQ(stage.end("web", Exited{0}, 0), Words{"=0"});
}

TEST(FleetRequests, ADependentWaitsForTheInstancesThatAreThereNow)
{
    auto store = notifying("store", 2);
    Stage stage{{store, process("web", {{"store", procfiles::Condition::healthy}})}};
    stage.begin();
    stage.ready("store", 0);
    EXPECT_EQ(stage.scale("store", 1), Words{"-store/1"});
    EXPECT_EQ(stage.obey("store", 1), Words{"+web"});
}

TEST(FleetRequests, NewInstancesOfADisabledProcessRunWhereTheOthersDo)
{
    auto web = process("web");
    web.disabled = true;
    Stage stage{{web, process("other")}};
    stage.begin();
    EXPECT_EQ(stage.scale("web", 2), Words{}) << "nobody has started it";
    EXPECT_EQ(stage.start("web"), (Words{"+web", "+web/1"}));
    EXPECT_EQ(stage.scale("web", 3), Words{"+web/2"});
}

TEST(FleetRequests, AProcessCanBeScaledToNothingAndBack)
{
    Stage stage{{notifying("web", 1), process("other")}};
    stage.begin();
    EXPECT_EQ(stage.scale("web", 0), Words{"-web"});
    EXPECT_EQ(stage.obey("web"), Words{});
    EXPECT_EQ(stage.count("web"), 0U);
    EXPECT_EQ(stage.scale("web", 1), Words{"+web"});
}

// --- rolling replace -------------------------------------------------------------------------------------------------

TEST(FleetRequests, ARollingReplaceWithASurgeNeverHasFewerReadyThanBefore)
{
    auto stage = ready_stage(notifying("web", 2));
    EXPECT_EQ(stage.roll("web"), Words{"+web/2"});
    EXPECT_EQ(stage.roll("web"), Words{}) << "the one under way does it";
    EXPECT_EQ(stage.ready("web", 2), Words{"-web/0"});
    EXPECT_EQ(stage.obey("web", 0), Words{"+web/0"});
    EXPECT_EQ(stage.ready("web", 0), Words{"-web/1"});
    EXPECT_EQ(stage.obey("web", 1), Words{"+web/1"});
    EXPECT_EQ(stage.ready("web", 1), Words{"-web/2"});
    EXPECT_EQ(stage.told(), Words{"rolling replace done"});
    EXPECT_FALSE(is_rolling(stage));
    stage.obey("web", 2);
    EXPECT_EQ(stage.count("web"), 2U);
    EXPECT_EQ(stage.fleet().instance(stage.find("web", 0)).restarts(), 0U) << "nothing failed";
}

TEST(FleetRequests, ARollingReplaceWithoutASurgeTakesOneAfterTheOther)
{
    auto spec = notifying("web", 2);
    spec.rollout = {.max_surge = 0, .max_unavailable = 1};
    auto stage = ready_stage(spec);
    EXPECT_EQ(stage.roll("web"), Words{"-web/0"});
    EXPECT_EQ(stage.obey("web", 0), Words{"+web/0"});
    EXPECT_EQ(stage.ready("web", 0), Words{"-web/1"});
    EXPECT_EQ(stage.obey("web", 1), Words{"+web/1"});
    EXPECT_EQ(stage.ready("web", 1), Words{});
    EXPECT_EQ(stage.told(), Words{"rolling replace done"});
}

TEST(FleetRequests, ANewInstanceThatFailsIsTakenBackAndTheOldOnesServeOn)
{
    auto stage = ready_stage(notifying("web", 2));
    stage.roll("web");
    EXPECT_EQ(stage.end("web", Exited{1}, 2), Words{});
    EXPECT_EQ(stage.told(), Words{"rolling replace taken back: its new instance 2 failed"});
    EXPECT_FALSE(is_rolling(stage));
    EXPECT_EQ(stage.count("web"), 2U);
    EXPECT_EQ(stage.state("web", 0), State::ready);
}

TEST(FleetRequests, ASurgeThatFailsAfterItWasReadyDoesNotLeaveTheReplaceHalfDoneForEver)
{
    auto stage = ready_stage(notifying("web", 2));
    stage.roll("web");
    stage.ready("web", 2);
    stage.end("web", Exited{1}, 2);
    EXPECT_EQ(stage.told(), Words{"rolling replace taken back: its new instance 2 failed"});
    EXPECT_EQ(stage.obey("web", 0), Words{"+web/0"}) << "whose replacement was under way";
    stage.ready("web", 0);
    EXPECT_FALSE(is_rolling(stage));
    EXPECT_EQ(stage.state("web", 1), State::ready);
}

TEST(FleetRequests, ANewInstanceThatNeverGetsReadyIsTakenBack)
{
    auto stage = ready_stage(notifying("web", 1)); // 90 s, and the 10 s of grace that an old one may take
    stage.roll("web");
    EXPECT_EQ(stage.wait(100s - 1ms), Words{});
    EXPECT_EQ(stage.wait(1ms), Words{"-web/1"});
    EXPECT_EQ(stage.told(), Words{"rolling replace taken back: its new instance 1 was not ready within 100 s"});
}

TEST(FleetRequests, TheStartTimeoutIsThePatienceWhereThereIsOneBesideTheTimeToLeave)
{
    auto spec = notifying("web", 1);
    spec.readiness.timeout = 7s;
    spec.shutdown = {.timeout = 2s, .drain = 3s};
    auto stage = ready_stage(spec);
    stage.unreported = {"web/1"};
    stage.roll("web");
    EXPECT_EQ(stage.fleet().next_deadline(), TimePoint{} + 12s);
    EXPECT_EQ(stage.wait(12s), Words{"-web/1"});
    EXPECT_EQ(stage.told(), Words{"rolling replace taken back: its new instance 1 was not ready within 12 s"});
}

TEST(FleetRequests, AnotherRequestEndsARollingReplaceAndTakesItsSurgeBack)
{
    for (const std::string request : {"stop", "restart", "scale"}) {
        auto stage = ready_stage(notifying("web", 2));
        stage.roll("web");
        const auto done = request == "stop"      ? stage.stop("web")
                          : request == "restart" ? stage.restart("web")
                                                 : stage.scale("web", 2);
        EXPECT_EQ(done, request == "scale" ? Words{"-web/2"} : (Words{"-web/2", "-web/0", "-web/1"})) << request;
        EXPECT_EQ(stage.told(), Words{"rolling replace ended by another request"}) << request;
        EXPECT_FALSE(is_rolling(stage)) << request;
        stage.obey("web", 2);
        EXPECT_EQ(stage.count("web"), 2U) << request;
    }
}

TEST(FleetRequests, AStopOfTheAppDoesNotWaitForARollingReplace)
{
    auto stage = ready_stage(notifying("web", 1));
    stage.roll("web");
    EXPECT_EQ(stage.stop_all(), (Words{"-web", "-web/1"}));
    EXPECT_EQ(stage.obey("web", 0), Words{});
    EXPECT_EQ(stage.obey("web", 1), Words{"=0"});
}

TEST(FleetRequests, ASurgeRunsWhereOrdinarilyItWouldRest)
{
    auto disabled = notifying("web", 1);
    disabled.disabled = true;
    auto on_demand = notifying("web", 1);
    on_demand.on_demand = true;
    for (const auto& spec : {disabled, on_demand}) {
        Stage stage{{spec, process("other")}};
        stage.begin();
        stage.start("web");
        stage.ready("web");
        EXPECT_EQ(stage.roll("web"), Words{"+web/1"});
        EXPECT_EQ(stage.ready("web", 1), Words{"-web"});
    }
}

// --- schedules, files, connections -----------------------------------------------------------------------------------

TEST(FleetRequests, ARunFallsDueAndIsSkippedWhileTooManyStillRun)
{
    auto job = process("job");
    job.schedule = procfiles::Schedule{.when = procfiles::Interval{1h}, .max_concurrent = 2};
    Stage stage{{job}};
    const auto due = [&] { return stage.play(ScheduleDue{ProcessId{0}}); };
    EXPECT_EQ(stage.begin(), Words{});
    EXPECT_EQ(due(), Words{"+job"});
    EXPECT_EQ(due(), Words{"+job/1"});
    EXPECT_EQ(due(), Words{});
    EXPECT_EQ(stage.told(), Words{"skipped: its last run has not ended yet"});
    EXPECT_EQ(stage.end("job", Exited{1}), Words{}) << "a failed run is no end of the app";
    EXPECT_EQ(stage.state("job"), State::scheduled);
    EXPECT_EQ(due(), Words{"+job"});
}

TEST(FleetRequests, AScheduleThatAPersonHasStoppedIsPassedOverInSilence)
{
    auto job = process("job");
    job.schedule = procfiles::Schedule{.when = procfiles::Interval{1h}};
    Stage stage{{job}};
    stage.begin();
    stage.stop("job");
    EXPECT_EQ(stage.play(ScheduleDue{ProcessId{0}}), Words{});
    EXPECT_EQ(stage.told(), Words{});
    EXPECT_EQ(stage.start("job"), Words{"+job"}) << "a person's start runs it at once";
    stage.end("job", Exited{0});
    EXPECT_EQ(stage.play(ScheduleDue{ProcessId{0}}), Words{"+job"});
}

TEST(FleetRequests, AScheduleMayAlsoRunOnceAtTheStart)
{
    auto job = process("job");
    job.schedule = procfiles::Schedule{.when = procfiles::Interval{1h}, .run_on_start = true, .max_concurrent = 3};
    Stage stage{{job}};
    EXPECT_EQ(stage.begin(), Words{"+job"});
}

TEST(FleetRequests, ChangedFilesRestartWhatWatchesThemAndOnlyThatUnlessToldTo)
{
    for (const bool cascade : {false, true}) {
        auto lib = process("lib");
        lib.watch = procfiles::Watch{.cascade = cascade};
        Stage stage{{lib, process("api", {{"lib"}}), process("web", {{"api"}, {"lib"}}), process("other")}};
        stage.begin();
        EXPECT_EQ(stage.play(FilesChanged{ProcessId{0}, "src/lib.js"}),
                  cascade ? (Words{"-lib", "-api", "-web"}) : Words{"-lib"});
    }
}

TEST(FleetRequests, ChangedFilesBringBackWhatFailedButNotWhatPeopleKeepDown)
{
    auto web = process("web");
    web.watch = procfiles::Watch{};
    auto tool = process("tool");
    tool.watch = procfiles::Watch{};
    tool.disabled = true;
    Stage stage{{web, tool, process("other")}};
    const auto change = [&](std::uint32_t n) { return stage.play(FilesChanged{ProcessId{n}, "file"}); };
    stage.begin();
    stage.end("web", Exited{1});
    EXPECT_EQ(change(0), Words{"+web"});
    stage.stop("web");
    stage.obey("web");
    EXPECT_EQ(change(0), Words{});
    EXPECT_EQ(change(1), Words{});
}

TEST(FleetRequests, AConnectionStartsAllInstancesAndTheNextIsListenedForWhenOneIsDown)
{
    auto web = process("web");
    web.replicas = 2;
    web.on_demand = true;
    Stage stage{{web, process("client", {{"web", procfiles::Condition::healthy}})}};
    EXPECT_EQ(stage.begin(), (Words{"?web/0", "+client"})) << "once for all of them";
    EXPECT_EQ(stage.play(ConnectionWaiting{ProcessId{0}}), (Words{"+web/0", "+web/1"}));
    EXPECT_EQ(stage.end("web", Exited{0}, 1), Words{"?web/0"});
    EXPECT_EQ(stage.end("web", Exited{0}, 0), Words{}) << "it is listened for";
    EXPECT_EQ(stage.stop("web"), Words{});
    EXPECT_EQ(stage.play(ConnectionWaiting{ProcessId{0}}), Words{}) << "a person has stopped it";
}

} // namespace
} // namespace pandora::supervisor::core
