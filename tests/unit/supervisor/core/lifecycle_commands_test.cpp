#include "supervisor/core/lifecycle.hpp"
#include "tests/support/life.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <functional>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::Hook;
using procfiles::ProcessSpec;
using procfiles::Restart;
using tests::support::Life;
using tests::support::steady_process;
using tests::support::Words;

const Words told_to_end{"stopping", "group SIGTERM", "group SIGCONT"};
const Words killed{"tell", "group SIGKILL"};
const Words nothing{};

ProcessSpec hooked(std::optional<Hook> procfiles::Hooks::*which)
{
    auto spec = steady_process("web");
    spec.hooks.*which = Hook{.command = "./hook", .timeout = 3s};
    return spec;
}

procfiles::Availability restarting(Restart restart) { return {.restart = restart, .backoff = 1s, .backoff_jitter = 0}; }

// --- the stop command -----------------------------------------------------------------------------------------------

TEST(LifecycleCommands, TheStopCommandReplacesTheSignalButNotTheKill)
{
    auto spec = steady_process("web");
    spec.shutdown = {.command = "kill $MAINPID", .timeout = 2s};
    Life life{spec};
    life.start();
    EXPECT_EQ(life.stop(), (Words{"stopping", "shutdown.command"}));
    EXPECT_EQ(life.command_ends(Command::stop, Exited{1}), Words{"tell"}) << "its code is told and decides nothing";
    EXPECT_EQ(life.wait(2s), killed);
}

TEST(LifecycleCommands, AStopCommandThatIsStillAtWorkIsOfNoUseOnceTheProcessHasEnded)
{
    auto spec = steady_process("web");
    spec.shutdown.command = "./stop";
    Life life{spec};
    life.start();
    life.stop();
    EXPECT_EQ(life.end(), (Words{"cancel shutdown.command", "completed"}));
    EXPECT_EQ(life.command_ends(Command::stop, Killed{SIGKILL, false}), nothing);
}

TEST(LifecycleCommands, TheSignalIsSentWhereTheStopCommandCannotBe)
{
    auto spec = steady_process("web");
    spec.shutdown.command = "./stop";
    Life life{spec};
    life.start();
    life.stop();
    EXPECT_EQ(life.command_ends(Command::stop, NotStarted{"cannot execute"}),
              (Words{"tell", "group SIGTERM", "group SIGCONT"}));
    EXPECT_EQ(life.said(), Words{"shutdown.command failed: cannot execute"});
}

// --- drain -----------------------------------------------------------------------------------------------------------

TEST(LifecycleCommands, TheHubsLeaveComesBeforeTheSignal)
{
    auto spec = steady_process("web");
    spec.shutdown.drain = 500ms;
    Life life{spec};
    life.start();
    EXPECT_EQ(life.stop(), (Words{"stopping", "drain 500"}));
    EXPECT_EQ(life.drained(), (Words{"group SIGTERM", "group SIGCONT"}));
    EXPECT_EQ(life.drained(), nothing) << "once is enough";
    EXPECT_EQ(life.due_in(), 10s) << "the grace begins with the signal";
}

TEST(LifecycleCommands, ADrainThatTakesTooLongIsToldAndEndsWithoutAnAnswer)
{
    auto spec = steady_process("web");
    spec.shutdown.drain = 500ms;
    Life life{spec};
    life.start();
    life.stop();
    EXPECT_EQ(life.wait(499ms), nothing);
    EXPECT_EQ(life.wait(1ms), (Words{"tell", "group SIGTERM", "group SIGCONT"}));
    EXPECT_EQ(life.said(), Words{"calls were still in flight when its drain was over"});
}

TEST(LifecycleCommands, TheDrainOfAnOlderRunSaysNothingOfThisOne)
{
    auto spec = steady_process("web");
    spec.shutdown.drain = 500ms;
    Life life{spec};
    life.start();
    const auto first = life->run();
    life.restart();
    EXPECT_EQ(life.end(), Words{"pending"}) << "it ended while it drained";
    life.start();
    life.stop();
    EXPECT_EQ(life.drained(first), nothing);
    EXPECT_EQ(life.drained(), (Words{"group SIGTERM", "group SIGCONT"}));
}

// --- hooks -----------------------------------------------------------------------------------------------------------

TEST(LifecycleCommands, TheProgramStartsOnceBeforeStartHasEndedWell)
{
    Life life{hooked(&procfiles::Hooks::before_start)};
    EXPECT_EQ(life.begin(), (Words{"starting", "hooks.before_start"}));
    EXPECT_TRUE(life->is_preparing());
    EXPECT_EQ(life.command_ends(Command::before_start), Words{"spawn"});
    EXPECT_FALSE(life->is_preparing());
    EXPECT_EQ(life.spawned(), Words{"ready"});
}

TEST(LifecycleCommands, AFailureOfBeforeStartIsOneOfTheStart)
{
    auto spec = hooked(&procfiles::Hooks::before_start);
    spec.hooks.after_stop = Hook{"./after"};
    spec.availability = restarting(Restart::on_failure);
    Life life{spec};
    life.begin();
    EXPECT_EQ(life.command_ends(Command::before_start, Exited{7}), Words{"backoff"}) << "there was nothing to stop";
    EXPECT_EQ(life.end_text(), "hooks.before_start failed: exit 7");
    EXPECT_EQ(shell_code(life->last_end()->status), 7);
    EXPECT_EQ(life.wait(1s), (Words{"starting", "hooks.before_start"}));
}

TEST(LifecycleCommands, ABeforeStartThatHangsIsCancelledAndHasFailed)
{
    Life life{hooked(&procfiles::Hooks::before_start)};
    life.begin();
    EXPECT_EQ(life.wait(2999ms), nothing);
    EXPECT_EQ(life.wait(1ms), Words{"cancel hooks.before_start"});
    EXPECT_EQ(life.state(), State::starting);
    EXPECT_EQ(life.command_ends(Command::before_start, Killed{SIGKILL, false}), Words{"failed"});
    EXPECT_EQ(life.end_text(), "hooks.before_start failed: SIGKILL");
}

TEST(LifecycleCommands, ACommandThatOutlivesSigkillIsWaitedForOnlySoLong)
{
    Life life{hooked(&procfiles::Hooks::before_start)};
    life.begin();
    EXPECT_EQ(life.wait(3s), Words{"cancel hooks.before_start"});
    EXPECT_EQ(life.wait(4999ms), nothing);
    EXPECT_EQ(life.wait(1ms), Words{"failed"});
    EXPECT_EQ(life.end_text(), "hooks.before_start failed: outlives SIGKILL");
    EXPECT_EQ(life.command_ends(Command::before_start), nothing);
}

TEST(LifecycleCommands, WhateverIsAskedDuringBeforeStartWaitsForItsEnd)
{
    struct Row {
        std::string name;
        std::function<Words(Life&)> ask;
        std::string then;
    };

    for (const auto& [name, ask, then] : {
             Row{"stop", [](Life& life) { return life.stop(); }, "completed"},
             Row{"kill", [](Life& life) { return life.kill(); }, "completed"},
             Row{"restart", [](Life& life) { return life.restart(); }, "pending"},
         }) {
        Life life{hooked(&procfiles::Hooks::before_start)};
        life.begin();
        EXPECT_EQ(ask(life), (Words{"stopping", "cancel hooks.before_start"})) << name;
        EXPECT_EQ(life.command_ends(Command::before_start), Words{then}) << name << ": even if it ends well";
        EXPECT_FALSE(life->deadline()) << name;
    }
}

TEST(LifecycleCommands, AfterStartRunsWhenItIsReadyAndItsFailureIsToldAlone)
{
    Life life{hooked(&procfiles::Hooks::after_start)};
    EXPECT_EQ(life.start(), (Words{"starting", "spawn", "ready", "hooks.after_start"}));
    EXPECT_EQ(life.command_ends(Command::after_start, Exited{1}), Words{"tell"});
    EXPECT_EQ(life.said(), Words{"hooks.after_start failed: exit 1"});
    EXPECT_EQ(life.state(), State::ready);
}

TEST(LifecycleCommands, BeforeStopComesFirstThenTheDrainThenTheSignal)
{
    auto spec = hooked(&procfiles::Hooks::before_stop);
    spec.shutdown.drain = 500ms;
    Life life{spec};
    life.start();
    EXPECT_EQ(life.stop(), (Words{"stopping", "hooks.before_stop"}));
    EXPECT_EQ(life.command_ends(Command::before_stop, Exited{1}), (Words{"tell", "drain 500"})) << "told, that is all";
    EXPECT_EQ(life.drained(), (Words{"group SIGTERM", "group SIGCONT"}));
}

TEST(LifecycleCommands, ABeforeStopThatHangsDelaysTheStopOnlySoLong)
{
    Life life{hooked(&procfiles::Hooks::before_stop)};
    life.start();
    life.stop();
    EXPECT_EQ(life.wait(3s), Words{"cancel hooks.before_stop"});
    EXPECT_EQ(life.wait(5s), (Words{"tell", "group SIGTERM", "group SIGCONT"})) << "not even SIGKILL ended it";
}

TEST(LifecycleCommands, AnEndDuringBeforeStopEndsTheStop)
{
    Life life{hooked(&procfiles::Hooks::before_stop)};
    life.start();
    life.stop();
    EXPECT_EQ(life.end(), (Words{"cancel hooks.before_stop", "completed"}));
}

TEST(LifecycleCommands, WhatNeverGotReadyHasNoBeforeStop)
{
    auto spec = hooked(&procfiles::Hooks::before_stop);
    spec.readiness.notify = true;
    Life life{spec};
    life.start();
    EXPECT_EQ(life.stop(), told_to_end);
}

TEST(LifecycleCommands, AfterStopRunsBetweenARunAndTheNext)
{
    auto spec = hooked(&procfiles::Hooks::after_stop);
    spec.availability = restarting(Restart::always);
    Life life{spec};
    life.start();
    EXPECT_EQ(life.end(), (Words{"stopping", "hooks.after_stop"}));
    EXPECT_EQ(life.command_ends(Command::after_stop), Words{"backoff"});
    life.wait(1s);
    life.spawned();
    life.stop();
    EXPECT_EQ(life.end(), Words{"hooks.after_stop"});
    EXPECT_EQ(life.wait(3s), Words{"cancel hooks.after_stop"});
    EXPECT_EQ(life.command_ends(Command::after_stop, Killed{SIGKILL, false}), (Words{"tell", "completed"}));
}

TEST(LifecycleCommands, AKillDuringAfterStopCancelsIt)
{
    Life life{hooked(&procfiles::Hooks::after_stop)};
    life.start();
    life.end();
    EXPECT_EQ(life.kill(), Words{"cancel hooks.after_stop"});
    EXPECT_EQ(life.command_ends(Command::after_stop, Killed{SIGKILL, false}), (Words{"tell", "completed"}));
}

TEST(LifecycleCommands, AfterStopRunsEvenAfterASigkillUnlessSomebodyIsInAHurry)
{
    Life life{hooked(&procfiles::Hooks::after_stop)};
    life.start();
    life.notify({.watchdog = Heartbeat::trigger});
    EXPECT_EQ(life.wait(10s), killed);
    EXPECT_EQ(life.end(Killed{SIGKILL, false}), Words{"hooks.after_stop"});
}

TEST(LifecycleCommands, WhatAnEndLeavesBehindDuringBeforeStopIsToldToEnd)
{
    Life life{hooked(&procfiles::Hooks::before_stop)};
    life.start();
    life.stop();
    EXPECT_EQ(life.end_alone(), (Words{"cancel hooks.before_stop", "group SIGTERM", "group SIGCONT"}));
}

TEST(LifecycleCommands, ACommandThatEndsTooLateChangesNothing)
{
    Life hurried{hooked(&procfiles::Hooks::before_stop)};
    hurried.start();
    hurried.stop();
    EXPECT_EQ(hurried.kill(), (Words{"cancel hooks.before_stop", "group SIGKILL"}));
    EXPECT_EQ(hurried.command_ends(Command::before_stop), nothing) << "the signal has been sent";

    auto spec = hooked(&procfiles::Hooks::after_stop);
    spec.shutdown.command = "./stop";
    Life ended{spec};
    ended.start();
    ended.stop();
    EXPECT_EQ(ended.end(), (Words{"cancel shutdown.command", "hooks.after_stop"}));
    EXPECT_EQ(ended.command_ends(Command::stop, NotStarted{"cannot execute"}), Words{"tell"});
}

TEST(LifecycleCommands, ACommandOfAnOlderRunSaysNothingOfThisOne)
{
    auto spec = hooked(&procfiles::Hooks::before_start);
    spec.availability = restarting(Restart::on_failure);
    Life life{spec};
    life.begin();
    const auto first = life->run();
    life.wait(3s);
    EXPECT_EQ(life.wait(5s), Words{"backoff"}) << "it outlived SIGKILL";
    EXPECT_EQ(life.wait(1s), (Words{"starting", "hooks.before_start"}));
    EXPECT_EQ(life.command_ends(Command::before_start, Exited{0}, first), nothing);
    EXPECT_EQ(life.command_ends(Command::before_start), Words{"spawn"});
}

} // namespace
} // namespace pandora::supervisor::core
