#include "supervisor/core/lifecycle.hpp"
#include "tests/support/life.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <set>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::Probe;
using procfiles::ProcessSpec;
using procfiles::Restart;
using tests::support::Life;
using tests::support::steady_process;
using tests::support::Words;

const Words told_to_end{"stopping", "group SIGTERM", "group SIGCONT"};
const Words nothing{};

Probe every(Millis period, std::uint32_t failure_threshold = 3)
{
    return {.action = procfiles::TcpProbe{}, .period = period, .failure_threshold = failure_threshold};
}

// --- readiness
// ---------------------------------------------------------------------------------------------------------

struct Promise {
    std::string name;
    procfiles::Readiness asked;
    std::string missing;
    std::function<Words(Life&)> keep;
};

std::vector<Promise> promises()
{
    return {
        {"object", {.objects = {"a"}}, "object a", [](Life& life) { return life.publish("a"); }},
        {"notify", {.notify = true}, "READY=1", [](Life& life) { return life.notify({.ready = true}); }},
        {"notification_fd",
         {.notification_fd = 3},
         "a newline on its notification descriptor",
         [](Life& life) { return life.write_newline(); }},
        {"log line", {.log_line = "up"}, "its ready_log_line", [](Life& life) { return life.show_line(); }},
        {"probe",
         {.probe = every(1s)},
         "its readiness_probe",
         [](Life& life) {
             EXPECT_EQ(life.wait(0ms), Words{"probe readiness"});
             return life.probe(ProbeKind::readiness, true);
         }},
    };
}

TEST(LifecycleRun, EveryPromiseAloneMakesItReadyAndIsMissedUntilThen)
{
    for (const auto& promise : promises()) {
        auto spec = steady_process("web");
        spec.readiness = promise.asked;
        spec.readiness.timeout = 4s;
        Life life{spec};
        life.start();
        EXPECT_EQ(life.state(), State::starting) << promise.name;
        EXPECT_EQ(life->missing(), promise.missing);
        EXPECT_EQ(promise.keep(life), Words{"ready"}) << promise.name;
        EXPECT_EQ(life->missing(), "");
        life.wait(4s);
        EXPECT_EQ(life.state(), State::ready) << promise.name << ": start_timeout is over with";
    }
}

TEST(LifecycleRun, ItIsReadyOnlyOnceAllPromisesAreKeptInWhateverOrder)
{
    auto spec = steady_process("web");
    spec.readiness = {
        .objects = {"a", "b"}, .notify = true, .notification_fd = 3, .log_line = "up", .probe = every(1s)};
    Life life{spec};
    life.start();
    EXPECT_EQ(life->missing(), "object a, object b, READY=1, a newline on its notification descriptor, "
                               "its ready_log_line, its readiness_probe");
    for (const auto& promise : promises()) EXPECT_EQ(promise.keep(life), nothing) << promise.name;
    EXPECT_EQ(life.publish("other"), nothing);
    EXPECT_EQ(life.publish("b"), Words{"ready"});
    EXPECT_EQ(life.publish("b"), nothing);
}

TEST(LifecycleRun, WhatIsPromisedEarlierThanTheSpawnIsReportedCounts)
{
    auto spec = steady_process("web");
    spec.readiness.notify = true;
    Life life{spec};
    life.begin();
    EXPECT_EQ(life.notify({.ready = true}), nothing);
    EXPECT_EQ(life.spawned(), Words{"ready"});
}

TEST(LifecycleRun, WhatTheLastRunShowedDoesNotMakeTheNextOneReady)
{
    auto spec = steady_process("web");
    spec.readiness = {.objects = {"a"}, .notification_fd = 3, .log_line = "up"};
    Life life{spec};
    life.start();
    const auto first = life->run();
    life.publish("a");
    life.show_line();
    EXPECT_EQ(life.write_newline(), Words{"ready"});
    life.restart();
    life.end();
    life.start();
    life.publish("a");
    EXPECT_EQ(life.show_line(first), nothing);
    EXPECT_EQ(life.write_newline(first), nothing);
    EXPECT_EQ(life->missing(), "a newline on its notification descriptor, its ready_log_line");
}

TEST(LifecycleRun, WhatIsNotReadyInTimeHasFailedAndSaysWhatItWaitedFor)
{
    auto spec = steady_process("web");
    spec.readiness = {.objects = {"a"}, .notify = true, .timeout = 1500ms};
    Life life{spec};
    life.start();
    life.publish("a");
    EXPECT_EQ(life.wait(1499ms), nothing);
    EXPECT_EQ(life.wait(1ms), told_to_end);
    EXPECT_EQ(life.said(), Words{"not ready within 1500 ms: waited for READY=1"});
    EXPECT_EQ(life.end(Exited{0}), Words{"failed"}) << "however well it ends then";
    EXPECT_EQ(life.end_text(), "not ready within 1500 ms: waited for READY=1, exit 0");
}

// --- what it tells
// -----------------------------------------------------------------------------------------------------

TEST(LifecycleRun, AWorkerMayAskForMoreTimeToStartAndToEndButNotForLess)
{
    auto spec = steady_process("web");
    spec.readiness = {.notify = true, .timeout = 4s};
    Life life{spec};
    life.start();
    life.notify({.extend_timeout = 1s});
    EXPECT_EQ(life.due_in(), 4s);
    life.notify({.extend_timeout = 7s});
    EXPECT_EQ(life.due_in(), 7s);
    life.stop();
    life.notify({.extend_timeout = 1s});
    EXPECT_EQ(life.due_in(), 10s);
    life.notify({.extend_timeout = 20s});
    EXPECT_EQ(life.due_in(), 20s);
    life.kill();
    life.notify({.extend_timeout = 20s});
    EXPECT_EQ(life.due_in(), 5s) << "not from a SIGKILL";
}

TEST(LifecycleRun, ItsStatusTextIsThatOfThePresentRun)
{
    Life life{steady_process("web")};
    life.start();
    life.notify({.status = "serving"});
    EXPECT_EQ(life->status_text(), "serving");
    life.restart();
    life.end();
    EXPECT_EQ(life->status_text(), "serving") << "the last words";
    life.notify({.status = "too late"});
    life.begin();
    EXPECT_EQ(life->status_text(), "");
}

TEST(LifecycleRun, TheWatchdogBeginsWhenItIsReadyAndEveryHeartbeatPutsItOff)
{
    auto spec = steady_process("web");
    spec.readiness.notify = true;
    spec.watchdog = 2s;
    Life life{spec};
    life.start();
    EXPECT_EQ(life.due_in(), std::nullopt) << "starting may take its time";
    life.notify({.watchdog = Heartbeat::alive});
    EXPECT_EQ(life.due_in(), std::nullopt);
    life.notify({.ready = true});
    EXPECT_EQ(life.wait(1500ms), nothing);
    life.notify({.watchdog = Heartbeat::alive});
    EXPECT_EQ(life.wait(1999ms), nothing);
    EXPECT_EQ(life.wait(1ms), (Words{"stopping", "leader SIGABRT", "leader SIGCONT"}));
    EXPECT_EQ(life.end(Killed{SIGABRT, true}), Words{"failed"});
    EXPECT_EQ(life.end_text(), "no WATCHDOG=1 for 2 s, SIGABRT (core dumped)");
}

TEST(LifecycleRun, TheWorkerItselfMayTriggerTheWatchdog)
{
    Life life{steady_process("web")};
    life.start();
    EXPECT_EQ(life.notify({.watchdog = Heartbeat::trigger}), (Words{"stopping", "leader SIGABRT", "leader SIGCONT"}));
    EXPECT_EQ(life.said(), Words{"asked to be ended by WATCHDOG=trigger"});
}

TEST(LifecycleRun, TheWorkerMaySetItsWatchdogAnewOrEndIt)
{
    struct Row {
        std::string name;
        Millis configured;
        std::chrono::microseconds told;
        bool before_ready;
        std::optional<Millis> due;
    };

    for (const auto& [name, configured, told, before_ready, due] : {
             Row{"longer", 2s, 5s, false, 5s},
             Row{"longer, before it is ready", 2s, 5s, true, 5s},
             Row{"from none", 0s, 3s, false, 3s},
             Row{"from none, before it is ready", 0s, 3s, true, 3s},
             Row{"to none", 2s, 0s, false, std::nullopt},
             Row{"to none, before it is ready", 2s, 0s, true, std::nullopt},
             Row{"rounded up to what a timer can do", 2s, 1us, false, 1ms},
         }) {
        auto spec = steady_process("web");
        spec.readiness.notify = true;
        spec.watchdog = configured;
        Life life{spec};
        life.start();
        if (before_ready) life.notify({.watchdog_period = told});
        EXPECT_EQ(life.notify({.ready = true}), Words{"ready"}) << name;
        if (!before_ready) life.notify({.watchdog_period = told});
        EXPECT_EQ(life.due_in(), due) << name;
    }
}

// --- probes
// ------------------------------------------------------------------------------------------------------------

TEST(LifecycleRun, ProbesAreTriedWhenTheyAreDueOneAttemptAtATime)
{
    auto spec = steady_process("web");
    spec.liveness = every(2s);
    spec.liveness->initial_delay = 500ms;
    Life life{spec};
    life.start();
    EXPECT_EQ(life.wait(499ms), nothing);
    EXPECT_EQ(life.wait(1ms), Words{"probe liveness"});
    EXPECT_EQ(life.wait(5s), nothing) << "that one has not answered";
    EXPECT_EQ(life.probe(ProbeKind::liveness, true), nothing);
    EXPECT_EQ(life->liveness(), ProbeState::passing);
    EXPECT_EQ(life.wait(0ms), Words{"probe liveness"});
}

TEST(LifecycleRun, ALivenessThatFailsEndsTheRunAsAFailure)
{
    auto spec = steady_process("web");
    spec.liveness = every(1s, 2);
    spec.availability.restart = Restart::on_failure;
    Life life{spec};
    life.start();
    for (const auto& expected : {nothing, told_to_end}) {
        EXPECT_EQ(life.wait(1s), Words{"probe liveness"});
        EXPECT_EQ(life.probe(ProbeKind::liveness, false), expected);
    }
    EXPECT_EQ(life.said(), Words{"liveness failed 2x: HTTP 503"});
    EXPECT_EQ(life.wait(1s), nothing) << "what ends is not probed";
    EXPECT_EQ(life.end(Exited{0}), Words{"backoff"});
    EXPECT_EQ(life.end_text(), "liveness failed 2x: HTTP 503, exit 0");
}

TEST(LifecycleRun, AReadinessThatFailsLaterEndsTheRunToo)
{
    auto spec = steady_process("web");
    spec.readiness.probe = every(1s, 1);
    Life life{spec};
    life.start();
    life.wait(0ms);
    EXPECT_EQ(life.probe(ProbeKind::readiness, true), Words{"ready"});
    life.wait(1s);
    EXPECT_EQ(life.probe(ProbeKind::readiness, false), told_to_end);
    EXPECT_EQ(life.said(), Words{"readiness failed 1x: HTTP 503"});
}

TEST(LifecycleRun, AnAnswerOfAnOlderRunSaysNothingOfThisOne)
{
    auto spec = steady_process("web");
    spec.liveness = every(1s, 1);
    Life life{spec};
    life.start();
    const auto first = life->run();
    life.wait(0ms);
    life.restart();
    EXPECT_EQ(life.probe(ProbeKind::liveness, false), nothing) << "nor of one that ends anyway";
    life.end();
    life.start();
    life.wait(0ms);
    EXPECT_EQ(life.probe(ProbeKind::liveness, false, first), nothing);
    EXPECT_EQ(life.probe(ProbeKind::liveness, false), told_to_end);
}

// --- recycle, reload
// -----------------------------------------------------------------------------------------------------

TEST(LifecycleRun, ARunThatIsOldIsReplacedAndThatIsNoFailure)
{
    auto spec = steady_process("web");
    spec.recycle.age = 1h;
    Life life{spec};
    life.start();
    EXPECT_EQ(life.wait(1h - 1ms), nothing);
    EXPECT_EQ(life.wait(1ms), told_to_end);
    EXPECT_EQ(life.said(), Words{"recycled after 3600 s"});
    EXPECT_EQ(life.end(Killed{SIGTERM, false}), Words{"pending"}) << "though no restart was asked for";
    life.start();
    EXPECT_EQ(life->restarts(), 1U);
}

TEST(LifecycleRun, ReplicasGrowOldAtDifferentTimesWithinTheSpread)
{
    auto spec = steady_process("web");
    spec.recycle = {.age = 1h, .spread = 10min};
    std::set<Millis> ages;
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        Life life{spec, seed};
        life.start();
        ages.insert(life.due_in().value());
    }
    EXPECT_GE(*ages.begin(), 1h);
    EXPECT_LE(*ages.rbegin(), 1h + 10min);
    EXPECT_GT(ages.size(), 15U);
}

TEST(LifecycleRun, ARunThatIsLargeIsReplaced)
{
    constexpr std::uint64_t mebibyte = 1024 * 1024;
    auto spec = steady_process("web");
    spec.recycle.memory = 100 * mebibyte;
    Life life{spec};
    life.start();
    const auto first = life->run();
    EXPECT_EQ(life.hold_memory(100 * mebibyte), nothing);
    EXPECT_EQ(life.hold_memory(101 * mebibyte), told_to_end);
    EXPECT_EQ(life.said(), Words{"recycled: holds 101 MiB, more than 100 MiB"});
    EXPECT_EQ(life.hold_memory(101 * mebibyte), nothing);
    life.end();
    life.start();
    EXPECT_EQ(life.hold_memory(101 * mebibyte, first), nothing);
    EXPECT_EQ(life->restarts(), 1U);
}

TEST(LifecycleRun, ReloadsByItsSignalOnlyWhenItIsReady)
{
    auto spec = steady_process("web");
    spec.reload = procfiles::ReloadSignal{SIGUSR1};
    spec.readiness.notify = true;
    Life life{spec};
    life.start();
    EXPECT_EQ(life.reload(), nothing);
    life.notify({.ready = true});
    EXPECT_EQ(life.reload(), Words{"leader SIGUSR1"});
}

TEST(LifecycleRun, ReloadsByItsCommandOneAtATime)
{
    auto spec = steady_process("web");
    spec.reload = procfiles::ReloadCommand{"./reload"};
    Life life{spec};
    life.start();
    EXPECT_EQ(life.reload(), Words{"reload.command"});
    EXPECT_EQ(life.reload(), nothing);
    EXPECT_EQ(life.command_ends(Command::reload, Exited{1}), Words{"tell"});
    EXPECT_EQ(life.reload(), Words{"reload.command"});
    EXPECT_EQ(life.wait(30s), Words{"cancel reload.command"});
    EXPECT_EQ(life.stop(), told_to_end) << "it is cancelled once";
}

// --- daemons
// -----------------------------------------------------------------------------------------------------------

ProcessSpec daemon(std::string stop_command = {})
{
    auto spec = steady_process("daemon");
    spec.is_daemon = true;
    spec.availability.restart = Restart::on_failure;
    spec.shutdown.command = std::move(stop_command);
    return spec;
}

TEST(LifecycleRun, ADaemonIsReadyOnceItsCommandHasEndedWellAndFailsWhenItsGroupIsEmpty)
{
    Life life{daemon()};
    EXPECT_EQ(life.start(), (Words{"starting", "spawn"}));
    EXPECT_EQ(life.end_alone(), Words{"ready"});
    EXPECT_EQ(life.due_in(), std::nullopt);
    EXPECT_EQ(life.rest_ends(), Words{"backoff"});
    EXPECT_EQ(life.end_text(), "its processes are gone, exit 0");
}

TEST(LifecycleRun, ADaemonIsNotLaunchedByACommandThatFailsOrHangs)
{
    Life failing{daemon()};
    failing.start();
    EXPECT_EQ(failing.end(Exited{1}), Words{"backoff"});

    Life hanging{daemon()};
    hanging.start();
    EXPECT_EQ(hanging.wait(5s), told_to_end);
    EXPECT_EQ(hanging.said(), Words{"not ready within 5 s: waited for the end of its command"});
}

TEST(LifecycleRun, ALaunchedDaemonHasItsStartTimeoutToKeepItsPromises)
{
    auto spec = daemon();
    spec.readiness = {.notify = true, .timeout = 9s};
    Life life{spec};
    life.start();
    EXPECT_EQ(life.end_alone(), nothing);
    EXPECT_EQ(life.wait(9s), told_to_end);
    EXPECT_EQ(life.said(), Words{"not ready within 9 s: waited for READY=1"});
}

TEST(LifecycleRun, ADaemonIsStoppedByItsCommandAndItsGroupIsWaitedFor)
{
    Life life{daemon("./stop")};
    life.start();
    life.end_alone();
    EXPECT_EQ(life.stop(), (Words{"stopping", "shutdown.command"}));
    EXPECT_EQ(life.command_ends(Command::stop), nothing);
    EXPECT_EQ(life.rest_ends(), Words{"completed"});
}

TEST(LifecycleRun, ADaemonThatLeftItsGroupIsGoneWhenTheStopCommandIs)
{
    Life life{daemon("./stop")};
    life.start();
    EXPECT_EQ(life.end(), Words{"ready"});
    life.stop();
    EXPECT_EQ(life.command_ends(Command::stop), Words{"completed"});

    Life hanging{daemon("./stop")};
    hanging.start();
    hanging.end();
    hanging.stop();
    EXPECT_EQ(hanging.wait(10s), (Words{"cancel shutdown.command", "completed"})) << "nobody can be waited for";
}

TEST(LifecycleRun, ADaemonWhoseLivenessFailsHasFailedThoughItsCommandEndedWell)
{
    for (const bool escaped : {false, true}) {
        auto spec = daemon("./stop");
        spec.liveness = every(1s, 1);
        Life life{spec};
        life.start();
        escaped ? life.end() : life.end_alone();
        life.wait(0ms);
        EXPECT_EQ(life.probe(ProbeKind::liveness, false), (Words{"stopping", "shutdown.command"}));
        EXPECT_EQ(life.command_ends(Command::stop), escaped ? Words{"backoff"} : nothing);
        if (!escaped) {
            EXPECT_EQ(life.rest_ends(), Words{"backoff"});
        }
        EXPECT_EQ(life.end_text(), "liveness failed 1x: HTTP 503, exit 0");
    }
}

TEST(LifecycleRun, ADaemonThatNamesItsMainProcessHasBeenLaunchedAndEndsWithIt)
{
    for (const bool before_its_command_ends : {false, true}) {
        Life life{daemon()};
        life.start();
        if (before_its_command_ends) {
            EXPECT_EQ(life.main_pid(77), Words{"ready"});
        } else {
            EXPECT_EQ(life.end_alone(), Words{"ready"});
            EXPECT_EQ(life.main_pid(77), nothing);
        }
        EXPECT_EQ(life->pid(), 77);
        EXPECT_EQ(life.end(Exited{0}), Words{"completed"}) << "a good end is no second launch";
    }
}

} // namespace
} // namespace pandora::supervisor::core
