#include "supervisor/core/lifecycle.hpp"
#include "tests/support/life.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <memory>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::ProcessSpec;
using procfiles::Restart;
using tests::support::Life;
using tests::support::steady_process;
using tests::support::Words;

const Words told_to_end{"stopping", "group SIGTERM", "group SIGCONT"};
const Words killed{"tell", "group SIGKILL"};
const Words nothing{};

ProcessSpec restarting(Restart restart, Millis backoff = 1s, std::uint32_t max_restarts = 0)
{
    auto spec = steady_process("web");
    spec.availability.restart = restart;
    spec.availability.backoff = backoff;
    spec.availability.max_restarts = max_restarts;
    return spec;
}

// --- starts and ends by themselves ---------------------------------------------------------------------------------

TEST(Lifecycle, IsReadyOnceExecSucceededWhereNothingElseWasPromised)
{
    Life life{steady_process("web")};
    EXPECT_EQ(life.begin(), (Words{"starting", "spawn"}));
    EXPECT_FALSE(life->has_started());
    EXPECT_EQ(life.spawned(42), Words{"ready"});
    EXPECT_EQ(life->pid(), 42);
    EXPECT_TRUE(life->has_started());
}

TEST(Lifecycle, BacksOffThenStartsAgain)
{
    Life life{restarting(Restart::on_failure, 200ms)};
    life.start();
    EXPECT_EQ(life.end(Killed{SIGSEGV, false}), Words{"backoff"});
    EXPECT_EQ(life.wait(199ms), nothing);
    EXPECT_EQ(life.wait(1ms), (Words{"starting", "spawn"}));
    EXPECT_EQ(life->restarts(), 1U);
    EXPECT_EQ(life->last_end(), (End{Killed{SIGSEGV, false}, {}}));
}

TEST(Lifecycle, AStartThatFailsCountsAsAFailure)
{
    Life life{restarting(Restart::on_failure)};
    life.begin();
    EXPECT_EQ(life.spawn_fails(), Words{"backoff"});
    EXPECT_EQ(life.wait(1s), (Words{"starting", "spawn"}));
    EXPECT_EQ(life->restarts(), 1U);
    EXPECT_FALSE(life->has_started());
}

TEST(Lifecycle, StaysDownAsItEnded)
{
    struct Row {
        ExitStatus status;
        std::string state;
        bool well;
    };

    auto spec = steady_process("web");
    spec.success_exit_codes = {3, 143};
    for (const auto& [status, state, well] :
         {Row{Exited{0}, "completed", true}, Row{Exited{3}, "completed", true}, Row{Exited{2}, "failed", false},
          Row{Exited{143}, "completed", true}, Row{Killed{SIGTERM, false}, "failed", false}}) {
        Life life{spec};
        life.start();
        EXPECT_EQ(life.end(status), Words{state}) << describe(status);
        EXPECT_EQ(life->has_ended_well(), well) << describe(status);
        EXPECT_FALSE(life->deadline());
    }
}

TEST(Lifecycle, AnotherGoodExitCodeIsNoFailureToRestartAfter)
{
    auto spec = restarting(Restart::on_failure);
    spec.success_exit_codes = {3};
    Life life{spec};
    life.start();
    EXPECT_EQ(life.end(Exited{3}), Words{"completed"});
}

TEST(Lifecycle, TellsTheKernelsKillForMemoryFromAnyOtherSigkill)
{
    Life life{steady_process("web")};
    life.start();
    EXPECT_EQ(life.end_for_memory(), Words{"failed"});
    EXPECT_EQ(life.end_text(), "killed for memory, SIGKILL");
}

TEST(Lifecycle, GivesUpOnceItsRestartsAreSpentAndSaysSo)
{
    Life life{restarting(Restart::always, 0ms, 1)};
    life.start();
    EXPECT_EQ(life.end(Exited{1}), Words{"backoff"});
    life.wait(0ms);
    life.spawned();
    EXPECT_EQ(life.end(Exited{1}), Words{"failed"});
    EXPECT_EQ(life.said(), Words{"gave up after 1 restarts in 60 s"});
    EXPECT_TRUE(life->has_given_up());
    EXPECT_FALSE(life->ends_app());
}

TEST(Lifecycle, TheEndsThatEndTheAppAreTold)
{
    struct Row {
        std::string name;
        procfiles::Availability rule;
        Exited status;
        bool ends;
    };

    for (const auto& [name, rule, status, ends] : {
             Row{"exit_on_failure, bad end", {.restart = Restart::exit_on_failure}, {2}, true},
             Row{"exit_on_failure, good end", {.restart = Restart::exit_on_failure}, {0}, false},
             Row{"exit_on_end", {.exit_on_end = true}, {0}, true},
             Row{"no restart", {}, {2}, false},
         }) {
        auto spec = steady_process("web");
        spec.availability = rule;
        Life life{spec};
        life.start();
        life.end(status);
        EXPECT_EQ(life->ends_app(), ends) << name;
    }
    auto spec = restarting(Restart::always, 0ms, 1);
    spec.availability.on_give_up = procfiles::OnGiveUp::exit;
    Life life{spec};
    life.start();
    life.end();
    life.wait(0ms);
    life.end();
    EXPECT_TRUE(life->ends_app()) << "on_give_up: exit";
}

TEST(Lifecycle, ARefusedStartSaysWhyAndEndsTheAppWhereThatIsAskedFor)
{
    for (const bool exits : {false, true}) {
        auto spec = steady_process("web");
        spec.availability.exit_on_skipped = exits;
        Life life{spec};
        EXPECT_EQ(life.refuse("dependency db failed"), Words{"failed"});
        EXPECT_EQ(life.end_text(), "dependency db failed");
        EXPECT_EQ(shell_code(life->last_end()->status), 1);
        EXPECT_EQ(life->ends_app(), exits);
    }
}

// --- stop, kill ------------------------------------------------------------------------------------------------------

TEST(Lifecycle, StopSignalsTheGroupAndWakesItThenKillsItAfterItsGrace)
{
    auto spec = steady_process("web");
    spec.shutdown = {.signal = SIGINT, .timeout = 5s};
    Life life{spec};
    life.start();
    EXPECT_EQ(life.stop(), (Words{"stopping", "group SIGINT", "group SIGCONT"}));
    EXPECT_EQ(life.stop(), nothing);
    EXPECT_EQ(life.wait(4999ms), nothing);
    EXPECT_EQ(life.wait(1ms), killed);
    EXPECT_EQ(life.wait(5s), killed) << "once more";
    EXPECT_EQ(life.end(Killed{SIGKILL, false}), Words{"completed"});
    EXPECT_FALSE(life->deadline());
    EXPECT_TRUE(life->is_held());
}

TEST(Lifecycle, WhatOutlivesThreeKillsIsLeftBehindSoThatAStopEnds)
{
    Life life{steady_process("web")};
    life.start();
    life.stop();
    for (const auto wait : {10s, 5s, 5s}) EXPECT_EQ(life.wait(wait), killed);
    EXPECT_EQ(life.wait(5s), Words{"failed"});
    EXPECT_EQ(life.said(), Words{"outlives SIGKILL; left behind"});
    EXPECT_FALSE(life->deadline());
}

TEST(Lifecycle, WhatWasLeftBehindCanStartOnlyOnceItHasGone)
{
    Life life{steady_process("web")};
    life.start();
    life.stop();
    for (const auto wait : {10s, 5s, 5s, 5s}) life.wait(wait);
    EXPECT_EQ(life.ask_start(), Words{"tell"});
    EXPECT_EQ(life.said(), Words{"cannot start: its last run outlives SIGKILL"});
    EXPECT_EQ(life.end_alone(Killed{SIGKILL, false}), nothing) << "its late end changes nothing";
    EXPECT_EQ(life.ask_start(), Words{"tell"}) << "the rest of its group is still there";
    EXPECT_EQ(life.rest_ends(), nothing);
    EXPECT_EQ(life.state(), State::failed);
    EXPECT_EQ(life.ask_start(), Words{"pending"});
    EXPECT_EQ(life.start(), (Words{"starting", "spawn", "ready"}));
}

TEST(Lifecycle, StopWaitsForTheWholeGroupAndKillsWhatIsLeftOfIt)
{
    Life life{steady_process("web")};
    life.start();
    life.stop();
    EXPECT_EQ(life.end_alone(Killed{SIGTERM, false}), nothing) << "the grace goes on for the group";
    EXPECT_EQ(life.state(), State::stopping);
    EXPECT_EQ(life.wait(10s), killed);
    EXPECT_EQ(life.rest_ends(), Words{"completed"});
}

TEST(Lifecycle, ARestartWaitsUntilTheOldGroupIsGone)
{
    Life life{restarting(Restart::always, 0ms)};
    life.start();
    EXPECT_EQ(life.end_alone(Exited{1}), told_to_end);
    EXPECT_EQ(life.rest_ends(), Words{"backoff"});
    EXPECT_EQ(life.wait(0ms), (Words{"starting", "spawn"}));
}

TEST(Lifecycle, AStopWhileTheOldGroupIsEndingPreventsTheRestart)
{
    Life life{restarting(Restart::always)};
    life.start();
    life.end_alone(Exited{1});
    EXPECT_EQ(life.stop(), nothing);
    EXPECT_EQ(life.rest_ends(), Words{"completed"});
}

TEST(Lifecycle, AStopDuringBackoffCancelsTheRestart)
{
    Life life{restarting(Restart::always)};
    life.start();
    life.end(Exited{1});
    EXPECT_EQ(life.stop(), Words{"completed"});
    EXPECT_EQ(life.wait(2s), nothing);
}

TEST(Lifecycle, AStopBetweenSpawnAndItsReportStillEndsTheProcess)
{
    Life life{steady_process("web")};
    life.begin();
    EXPECT_EQ(life.stop(), told_to_end);
    EXPECT_EQ(life.spawned(), (Words{"group SIGTERM", "group SIGCONT"})) << "it was not there when it was told first";
    EXPECT_EQ(life.end(Killed{SIGTERM, false}), Words{"completed"});
}

TEST(Lifecycle, AKillBetweenSpawnAndItsReportIsRepeatedToo)
{
    Life life{steady_process("web")};
    life.begin();
    EXPECT_EQ(life.kill(), (Words{"stopping", "group SIGKILL"}));
    EXPECT_EQ(life.spawned(), Words{"group SIGKILL"});
}

TEST(Lifecycle, ParentOnlySparesTheRestOfTheGroupUntilTheLeaderHasEnded)
{
    auto spec = steady_process("web");
    spec.shutdown = {.timeout = 1s, .parent_only = true};
    Life life{spec};
    life.start();
    EXPECT_EQ(life.stop(), (Words{"stopping", "leader SIGTERM", "leader SIGCONT"}));
    EXPECT_EQ(life.end_alone(Killed{SIGTERM, false}), (Words{"group SIGTERM", "group SIGCONT"}));
    EXPECT_EQ(life.wait(1s), killed) << "within the same grace";
}

TEST(Lifecycle, KillNeitherWaitsNorRunsAnyCommand)
{
    auto spec = steady_process("web");
    spec.shutdown = {.command = "sleep 100", .drain = 1s};
    spec.hooks = {.before_stop = procfiles::Hook{"./a"}, .after_stop = procfiles::Hook{"./b"}};
    Life life{spec};
    life.start();
    EXPECT_EQ(life.kill(), (Words{"stopping", "group SIGKILL"}));
    EXPECT_EQ(life.end(Killed{SIGKILL, false}), Words{"completed"});
    EXPECT_EQ(life.kill(), nothing);
}

// --- what is wanted of it, whatever its state
// --------------------------------------------------------------------------

TEST(Lifecycle, RestsWhereItsNextOccasionIsWaitedFor)
{
    const procfiles::Schedule nightly{.when = procfiles::Interval{1h}};

    struct Row {
        ProcessSpec spec;
        State at_first;
        State after_a_good_end;
        State after_a_bad_end;
    };

    auto eager = nightly;
    eager.run_on_start = true;
    for (const auto& [spec, at_first, good, bad] : {
             Row{{.name = "plain"}, State::pending, State::completed, State::failed},
             Row{{.name = "disabled", .disabled = true}, State::disabled, State::completed, State::failed},
             Row{{.name = "on demand", .on_demand = true}, State::listening, State::listening, State::failed},
             Row{{.name = "scheduled", .schedule = nightly}, State::scheduled, State::scheduled, State::scheduled},
             Row{{.name = "at once, too", .schedule = eager}, State::pending, State::scheduled, State::scheduled},
         })
        for (const int code : {0, 1}) {
            Life life{spec};
            EXPECT_EQ(life.state(), at_first) << spec.name;
            life.ask_start();
            life.start();
            life.end(Exited{code});
            EXPECT_EQ(life.state(), code == 0 ? good : bad) << spec.name;
        }
}

TEST(Lifecycle, WhatIsDisabledHasFailedWhereItsProgramCannotStart)
{
    Life life{{.name = "web", .disabled = true}};
    life.ask_start();
    life.begin();
    EXPECT_EQ(life.spawn_fails(), Words{"failed"});
}

TEST(Lifecycle, OnlyOneOfSeveralConcurrentRunsStartsWithTheApp)
{
    const ProcessSpec spec{.name = "job",
                           .schedule = {{.when = procfiles::Interval{1h}, .run_on_start = true, .max_concurrent = 2}}};
    EXPECT_EQ((Lifecycle{{ProcessId{0}, 0}, spec, 1}).state(), State::pending);
    EXPECT_EQ((Lifecycle{{ProcessId{0}, 1}, spec, 1}).state(), State::scheduled);
}

TEST(Lifecycle, AStartThatIsAskedForResetsTheBudget)
{
    Life life{restarting(Restart::always, 0ms, 1)};
    life.start();
    life.end();
    life.wait(0ms);
    EXPECT_EQ(life.end(), Words{"failed"});
    EXPECT_EQ(life.ask_start(), Words{"pending"});
    EXPECT_FALSE(life->has_given_up());
    life.start();
    EXPECT_EQ(life.end(), Words{"backoff"});
}

TEST(Lifecycle, AStartDoesWhatTheStateAsksFor)
{
    auto life_in = [](auto... steps) {
        auto life = std::make_unique<Life>(restarting(Restart::on_failure, 1h));
        (steps(*life), ...);
        return life;
    };
    const auto start = [](Life& life) { life.start(); };
    const auto stop = [](Life& life) { life.stop(); };
    const auto end = [](Life& life) { life.end(); };
    const auto crash = [](Life& life) { life.end(Exited{1}); };
    const auto crash_alone = [](Life& life) { life.end_alone(Exited{1}); };

    EXPECT_EQ(life_in()->ask_start(), nothing) << "pending";
    EXPECT_EQ(life_in(start)->ask_start(), nothing) << "ready";
    EXPECT_EQ(life_in(start, end)->ask_start(), Words{"pending"}) << "completed";
    EXPECT_EQ(life_in(stop)->ask_start(), Words{"pending"}) << "stopped before it started";
    EXPECT_FALSE(life_in(stop, [](Life& life) { life.ask_start(); })->operator->()->is_held());

    const auto backoff = life_in(start, crash);
    EXPECT_EQ(backoff->ask_start(), nothing);
    EXPECT_EQ(backoff->wait(0ms), (Words{"starting", "spawn"})) << "the delay is over";

    const auto stopping = life_in(start, stop);
    EXPECT_EQ(stopping->ask_start(), nothing) << "what ends cannot be called back";
    EXPECT_EQ(stopping->end(), Words{"pending"}) << "but another run follows";
    EXPECT_EQ(stopping->said(), Words{"start asked for"});

    const auto failing = life_in(start, crash_alone);
    failing->ask_start();
    EXPECT_EQ(failing->rest_ends(), Words{"pending"}) << "without the delay of a restart by itself";
}

TEST(Lifecycle, ARestartEndsTheRunInGoodOrderAndIsNotCountedUnlessAskedFor)
{
    for (const bool counted : {false, true}) {
        Life life{steady_process("web")};
        life.start();
        EXPECT_EQ(life.restart("its files changed", counted), told_to_end);
        EXPECT_EQ(life.said(), Words{"its files changed"});
        EXPECT_EQ(life.end(Killed{SIGTERM, false}), Words{"pending"}) << "which waits for its dependencies anew";
        EXPECT_EQ(life.said(), Words{"its files changed"});
        life.start();
        EXPECT_EQ(life->restarts(), counted ? 1U : 0U);
    }
}

TEST(Lifecycle, ACountedRestartThatAStopOverrulesIsNotCountedLater)
{
    Life life{steady_process("web")};
    life.start();
    life.restart("recycled", true);
    life.stop();
    EXPECT_EQ(life.end(), Words{"completed"});
    life.ask_start();
    life.start();
    EXPECT_EQ(life->restarts(), 0U);
}

TEST(Lifecycle, ARestartStartsWhatIsDown)
{
    Life life{steady_process("web")};
    life.start();
    life.end(Exited{1});
    EXPECT_EQ(life.restart(), Words{"pending"});
    Life disabled{{.name = "web", .disabled = true}};
    EXPECT_EQ(disabled.restart(), Words{"pending"});
}

TEST(Lifecycle, ARestartDuringAStopWinsAndAStopDuringARestartToo)
{
    Life life{steady_process("web")};
    life.start();
    life.stop();
    EXPECT_EQ(life.restart(), nothing);
    EXPECT_EQ(life.end(), Words{"pending"});
    life.start();
    life.restart();
    EXPECT_EQ(life.stop(), nothing);
    EXPECT_EQ(life.end(), Words{"completed"});
}

TEST(Lifecycle, WhatIsRetiredNeverComesBackUntilItIsRevived)
{
    Life life{restarting(Restart::always, 0ms)};
    life.start();
    EXPECT_EQ(life.retire(), told_to_end);
    EXPECT_EQ(life.ask_start(), nothing);
    EXPECT_EQ(life.restart(), nothing);
    EXPECT_EQ(life.end(), Words{"completed"});
    EXPECT_EQ(life.ask_start(), nothing);
    EXPECT_TRUE(life->is_retired());
    EXPECT_EQ(life.revive(), Words{"pending"});
    EXPECT_FALSE(life->is_retired());
}

TEST(Lifecycle, WhatIsRevivedWhileItEndsRunsAgain)
{
    Life life{steady_process("web")};
    life.start();
    life.retire();
    EXPECT_EQ(life.revive(), nothing);
    EXPECT_EQ(life.end(), Words{"pending"});
}

} // namespace
} // namespace pandora::supervisor::core
