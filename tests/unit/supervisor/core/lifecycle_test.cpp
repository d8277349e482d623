#include "supervisor/core/lifecycle.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::ProcessSpec;
using procfiles::Restart;

constexpr InstanceId id{ProcessId{3}, 1};

/// What was done, as short words: "starting", "spawn", "group SIGTERM", "shutdown.command", ...
std::vector<std::string> words(const Actions& actions)
{
    std::vector<std::string> out;
    for (const auto& action : actions) {
        if (std::get_if<Spawn>(&action)) out.emplace_back("spawn");
        if (const auto* s = std::get_if<Signal>(&action))
            out.push_back((s->target == Target::group ? "group " : "leader ") + signal_name(s->signal));
        if (const auto* c = std::get_if<RunCommand>(&action)) out.emplace_back(name(c->command));
        if (const auto* c = std::get_if<CancelCommand>(&action))
            out.emplace_back(std::string{"cancel "} + name(c->command));
        if (const auto* d = std::get_if<Drain>(&action)) out.push_back("drain " + std::to_string(d->limit.count()));
        if (const auto* p = std::get_if<RunProbe>(&action))
            out.emplace_back(p->kind == ProbeKind::readiness ? "probe readiness" : "probe liveness");
        if (std::get_if<Tell>(&action)) out.emplace_back("tell");
        if (const auto* a = std::get_if<Announce>(&action)) out.emplace_back(name(a->to));
    }
    return out;
}

using Words = std::vector<std::string>;

struct LifecycleTest : testing::Test {
    ProcessSpec spec{.name = "web", .availability = {.backoff_jitter = 0}}; // so that delays can be told
    TimePoint now{};

    /// Runs one step at `now` and tells what it did.
    template <class Step>
    Words on(Lifecycle& instance, Step step)
    {
        Actions out;
        step(instance, out);
        return words(out);
    }

    Lifecycle started()
    {
        Lifecycle instance{id, spec, 1};
        Actions out;
        instance.begin(now, out);
        instance.spawned(42, now, out);
        return instance;
    }

    Words end(Lifecycle& instance, ExitStatus status, bool group_empty = true)
    {
        return on(instance, [&](auto& i, auto& out) { i.ended(status, group_empty, false, now, out); });
    }

    /// Performs what is due, and begins what wants to start, as the fleet would.
    Words advance(Lifecycle& instance, Millis by)
    {
        now += by;
        return on(instance, [&](auto& i, auto& out) {
            i.advance(now, out);
            if (i.wants_start()) i.begin(now, out);
        });
    }

    Words stop(Lifecycle& instance)
    {
        return on(instance, [&](auto& i, auto& out) { i.stop(now, out); });
    }
};

TEST_F(LifecycleTest, IsReadyOnceExecSucceededWhereNothingElseWasPromised)
{
    Lifecycle instance{id, spec, 1};
    EXPECT_EQ(on(instance, [&](auto& i, auto& out) { i.begin(now, out); }), (Words{"starting", "spawn"}));
    EXPECT_FALSE(instance.has_started());
    EXPECT_EQ(on(instance, [&](auto& i, auto& out) { i.spawned(42, now, out); }), Words{"ready"});
    EXPECT_EQ(instance.pid(), 42);
    EXPECT_TRUE(instance.has_started());
}

TEST_F(LifecycleTest, IsReadyOnceEveryPromisedObjectIsPublished)
{
    spec.readiness.objects = {"a", "b"};
    auto instance = started();
    const auto publish = [&](const char* object) {
        return on(instance, [&](auto& i, auto& out) { i.published(object, now, out); });
    };
    EXPECT_EQ(instance.state(), State::starting);
    EXPECT_EQ(publish("a"), Words{});
    EXPECT_EQ(publish("other"), Words{});
    EXPECT_EQ(publish("b"), Words{"ready"});
    EXPECT_EQ(publish("b"), Words{});
}

TEST_F(LifecycleTest, WhatTheLastRunPublishedDoesNotMakeTheNextOneReady)
{
    spec.readiness.objects = {"a"};
    spec.availability = {.restart = Restart::always, .backoff = 0ms, .backoff_jitter = 0};
    auto instance = started();
    on(instance, [&](auto& i, auto& out) { i.published("a", now, out); });
    EXPECT_EQ(end(instance, Exited{1}), Words{"backoff"});
    EXPECT_EQ(advance(instance, 0ms), (Words{"starting", "spawn"}));
    EXPECT_EQ(on(instance, [&](auto& i, auto& out) { i.spawned(43, now, out); }), Words{});
    EXPECT_EQ(instance.state(), State::starting);
}

TEST_F(LifecycleTest, BacksOffThenStartsAgain)
{
    spec.availability = {.restart = Restart::on_failure, .backoff = 200ms, .backoff_jitter = 0};
    auto instance = started();
    EXPECT_EQ(end(instance, Killed{SIGSEGV, false}), Words{"backoff"});
    EXPECT_EQ(advance(instance, 199ms), Words{});
    EXPECT_EQ(advance(instance, 1ms), (Words{"starting", "spawn"}));
    EXPECT_EQ(instance.restarts(), 1U);
    EXPECT_EQ(instance.last_end(), (End{Killed{SIGSEGV, false}, {}}));
}

TEST_F(LifecycleTest, AStartThatFailsCountsAsAFailure)
{
    spec.availability = {.restart = Restart::on_failure, .backoff = 1s, .backoff_jitter = 0};
    Lifecycle instance{id, spec, 1};
    on(instance, [&](auto& i, auto& out) { i.begin(now, out); });
    EXPECT_EQ(end(instance, NotStarted{"cannot execute"}), Words{"backoff"});
    EXPECT_EQ(advance(instance, 1s), (Words{"starting", "spawn"}));
    EXPECT_EQ(instance.restarts(), 1U);
    EXPECT_FALSE(instance.has_started());
}

TEST_F(LifecycleTest, StaysDownAsItEnded)
{
    auto good = started();
    EXPECT_EQ(end(good, Exited{0}), Words{"completed"});
    auto bad = started();
    EXPECT_EQ(end(bad, Exited{2}), Words{"failed"});
    EXPECT_FALSE(bad.deadline());
}

TEST_F(LifecycleTest, StopSignalsTheGroupAndWakesItThenKillsItAfterItsGrace)
{
    spec.shutdown = {.signal = SIGINT, .timeout = 5s};
    auto instance = started();
    EXPECT_EQ(stop(instance), (Words{"stopping", "group SIGINT", "group SIGCONT"}));
    EXPECT_EQ(stop(instance), Words{});
    EXPECT_EQ(advance(instance, 4999ms), Words{});
    EXPECT_EQ(advance(instance, 1ms), (Words{"tell", "group SIGKILL"}));
    EXPECT_EQ(advance(instance, 5s), (Words{"tell", "group SIGKILL"})) << "once more";
    EXPECT_EQ(end(instance, Killed{SIGKILL, false}), Words{"completed"});
    EXPECT_FALSE(instance.deadline());
}

TEST_F(LifecycleTest, WhatOutlivesThreeKillsIsLeftBehindSoThatAStopEnds)
{
    auto instance = started();
    stop(instance);
    for (const auto wait : {10s, 5s, 5s}) EXPECT_EQ(advance(instance, wait), (Words{"tell", "group SIGKILL"}));
    EXPECT_EQ(advance(instance, 5s), Words{"failed"});
    EXPECT_FALSE(instance.deadline());
    EXPECT_EQ(end(instance, Killed{SIGKILL, false}), Words{}) << "its late end changes nothing";
    EXPECT_EQ(instance.state(), State::failed);
}

TEST_F(LifecycleTest, StopWaitsForTheWholeGroupAndKillsWhatIsLeftOfIt)
{
    auto instance = started();
    stop(instance);
    EXPECT_EQ(end(instance, Killed{SIGTERM, false}, false), Words{}) << "the grace goes on for the group";
    EXPECT_EQ(instance.state(), State::stopping);
    EXPECT_EQ(advance(instance, 10s), (Words{"tell", "group SIGKILL"}));
    EXPECT_EQ(on(instance, [&](auto& i, auto& out) { i.group_emptied(now, out); }), Words{"completed"});
}

TEST_F(LifecycleTest, ARestartWaitsUntilTheOldGroupIsGone)
{
    spec.availability = {.restart = Restart::always, .backoff = 0ms, .backoff_jitter = 0};
    auto instance = started();
    EXPECT_EQ(end(instance, Exited{1}, false), (Words{"stopping", "group SIGTERM", "group SIGCONT"}));
    EXPECT_EQ(on(instance, [&](auto& i, auto& out) { i.group_emptied(now, out); }), Words{"backoff"});
    EXPECT_EQ(advance(instance, 0ms), (Words{"starting", "spawn"}));
}

TEST_F(LifecycleTest, AStopWhileTheOldGroupIsEndingPreventsTheRestart)
{
    spec.availability = {.restart = Restart::always, .backoff_jitter = 0};
    auto instance = started();
    end(instance, Exited{1}, false);
    EXPECT_EQ(stop(instance), Words{});
    EXPECT_EQ(on(instance, [&](auto& i, auto& out) { i.group_emptied(now, out); }), Words{"completed"});
}

TEST_F(LifecycleTest, AStopDuringBackoffCancelsTheRestart)
{
    spec.availability = {.restart = Restart::always, .backoff = 1s, .backoff_jitter = 0};
    auto instance = started();
    end(instance, Exited{1});
    EXPECT_EQ(stop(instance), Words{"completed"});
    EXPECT_EQ(advance(instance, 2s), Words{});
}

TEST_F(LifecycleTest, AStopBetweenSpawnAndItsReportStillEndsTheProcess)
{
    Lifecycle instance{id, spec, 1};
    on(instance, [&](auto& i, auto& out) { i.begin(now, out); });
    EXPECT_EQ(stop(instance), (Words{"stopping", "group SIGTERM", "group SIGCONT"}));
    EXPECT_EQ(on(instance, [&](auto& i, auto& out) { i.spawned(42, now, out); }),
              (Words{"group SIGTERM", "group SIGCONT"}))
        << "it was not there when it was told first";
    EXPECT_EQ(end(instance, Killed{SIGTERM, false}), Words{"completed"});
}

TEST_F(LifecycleTest, TheStopCommandReplacesTheSignalButNotTheKill)
{
    spec.shutdown = {.command = "kill $MAINPID", .timeout = 2s};
    auto instance = started();
    EXPECT_EQ(stop(instance), (Words{"stopping", "shutdown.command"}));
    EXPECT_EQ(advance(instance, 2s), (Words{"tell", "group SIGKILL"}));
}

TEST_F(LifecycleTest, ParentOnlySparesTheRestOfTheGroupAtFirst)
{
    spec.shutdown = {.timeout = 1s, .parent_only = true};
    auto instance = started();
    EXPECT_EQ(stop(instance), (Words{"stopping", "leader SIGTERM", "leader SIGCONT"}));
    EXPECT_EQ(advance(instance, 1s), (Words{"tell", "group SIGKILL"}));
}

TEST_F(LifecycleTest, TheRestOfTheGroupIsToldOnceTheLeaderHasEndedAlone)
{
    spec.shutdown = {.timeout = 1s, .parent_only = true};
    auto instance = started();
    stop(instance);
    EXPECT_EQ(end(instance, Killed{SIGTERM, false}, false), (Words{"group SIGTERM", "group SIGCONT"}));
    EXPECT_EQ(advance(instance, 1s), (Words{"tell", "group SIGKILL"})) << "within the same grace";
}

TEST_F(LifecycleTest, TheSignalIsSentWhereTheStopCommandCannotBe)
{
    spec.shutdown = {.command = "./stop"};
    auto instance = started();
    stop(instance);
    EXPECT_EQ(on(instance,
                 [&](auto& i, auto& out) {
                     i.command_ended(i.run(), Command::stop, NotStarted{"cannot execute"}, now, out);
                 }),
              (Words{"tell", "group SIGTERM", "group SIGCONT"}));
}

TEST_F(LifecycleTest, KillNeitherWaitsNorRunsTheStopCommand)
{
    spec.shutdown = {.command = "sleep 100"};
    auto instance = started();
    const auto kill = [&] { return on(instance, [&](auto& i, auto& out) { i.kill(now, out); }); };
    EXPECT_EQ(kill(), (Words{"stopping", "group SIGKILL"}));
    EXPECT_EQ(end(instance, Killed{SIGKILL, false}), Words{"completed"});
    EXPECT_EQ(kill(), Words{});
}

} // namespace
} // namespace pandora::supervisor::core
