#include "supervisor/core/fleet.hpp"
#include "tests/support/stage.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::Condition;
using procfiles::Restart;
using tests::support::process;
using tests::support::rule;
using tests::support::Stage;
using tests::support::Words;

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

TEST(Fleet, AStopThatIsAskedForEndsWithZeroUnlessTheProcfileHadTheAppEndOrHalt)
{
    struct Row {
        const char* name;
        procfiles::Availability availability; // of job
        ExitStatus end;                       // of job, each time
        Words finish;
    };

    for (const auto& [name, availability, end, finish] : {
             Row{"it failed", {}, Exited{3}, {"=0"}},
             Row{"pandora ended it", {}, Killed{SIGTERM, false}, {"=0"}},
             Row{"it was not started", {}, NotStarted{"no such file", 127}, {"=0"}},
             Row{"it was given up",
                 rule({.restart = Restart::always, .backoff = 0ms, .max_restarts = 1}),
                 Exited{3},
                 {"=0"}},
             Row{"the app halts",
                 rule({.restart = Restart::always,
                 .backoff = 0ms,
                 .max_restarts = 1,
                 .on_give_up = procfiles::OnGiveUp::stop_all}),
                 Exited{3},
                 {"=3"}},
             Row{"the app ends",
                 rule({.restart = Restart::always,
                 .backoff = 0ms,
                 .max_restarts = 1,
                 .on_give_up = procfiles::OnGiveUp::exit}),
                 Exited{3},
                 {"=3"}},
             Row{"it ends the app", {.restart = Restart::exit_on_failure}, Exited{3}, {"=3"}},
             Row{"it ends the app well", rule({.restart = Restart::always, .exit_on_end = true}), Exited{0}, {"=0"}},
         }) {
        auto job = process("job");
        job.availability = availability;
        Stage stage{{job, process("web")}};
        stage.begin();
        stage.end("job", end);
        if (stage.state("job") == State::ready) stage.end("job", end); // it was restarted
        stage.stop_all();
        EXPECT_EQ(stage.end("web", Killed{SIGTERM, false}), finish) << name;
    }
}

TEST(Fleet, KillAllSparesNobodyAndItsCodeWins)
{
    Stage stage{{process("db"), process("web", {{"db"}})}};
    stage.begin();
    stage.stop_all();
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

TEST(Fleet, WhatEndsByItselfDuringAStopIsNotStartedAgain)
{
    auto db = process("db");
    db.availability = rule({.restart = Restart::always, .backoff = 0ms});
    Stage stage{{db, process("web", {{"db"}})}};
    stage.begin();
    stage.stop_all();
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

TEST(Fleet, OnGiveUpDecidesWhatBecomesOfTheOthers)
{
    struct Row {
        procfiles::OnGiveUp on_give_up;
        Words then;
        Words once_the_other_has_ended;
    };

    for (const auto& [on_give_up, then, once_ended] : {
             Row{procfiles::OnGiveUp::keep, {}, {"=3"}},
             Row{procfiles::OnGiveUp::stop_all, {"-web"}, {}},
             Row{procfiles::OnGiveUp::exit, {"-web"}, {"=3"}},
         }) {
        auto flaky = process("flaky");
        flaky.availability =
            rule({.restart = Restart::always, .backoff = 0ms, .max_restarts = 1, .on_give_up = on_give_up});
        Stage stage{{flaky, process("web")}};
        stage.begin();
        EXPECT_EQ(stage.end("flaky", Exited{3}), Words{"+flaky"});
        EXPECT_EQ(stage.end("flaky", Exited{3}), then);
        EXPECT_EQ(stage.end("web", Exited{0}), once_ended);
    }
}

TEST(Fleet, AHaltedAppStaysForPeopleWhoMayStartItAgain)
{
    auto flaky = process("flaky");
    flaky.availability = rule({.restart = Restart::on_failure,
                               .backoff = 0ms,
                               .max_restarts = 1,
                               .on_give_up = procfiles::OnGiveUp::stop_all});
    Stage stage{{flaky, process("web", {{"flaky"}})}, true};
    stage.begin();
    stage.end("flaky", Exited{3});
    EXPECT_EQ(stage.end("flaky", Exited{3}), Words{"-web"});
    EXPECT_EQ(stage.start("flaky"), Words{}) << "first everything stops";
    EXPECT_EQ(stage.obey("web"), Words{});
    EXPECT_EQ(stage.state("hub"), State::ready);
    EXPECT_EQ(stage.start("flaky"), Words{"+flaky"});
    EXPECT_EQ(stage.start("web"), Words{"+web"});
    EXPECT_EQ(stage.end("flaky", Exited{0}), Words{});
    EXPECT_EQ(stage.end("web", Exited{0}), Words{"-hub"}) << "nobody is kept down any more";
    EXPECT_EQ(stage.end("hub", Exited{0}), Words{"=3"});
}

TEST(Fleet, AHaltedAppStaysEvenWhereNobodyElseWasLeftToStop)
{
    auto flaky = process("flaky");
    flaky.availability = rule({.restart = Restart::on_failure,
                               .backoff = 0ms,
                               .max_restarts = 1,
                               .on_give_up = procfiles::OnGiveUp::stop_all});
    Stage stage{{flaky}};
    stage.begin();
    stage.end("flaky", Exited{3});
    EXPECT_EQ(stage.end("flaky", Exited{3}), Words{});
    EXPECT_EQ(stage.stop_all(), Words{"=3"});
}

TEST(Fleet, AnAppIsNotOverWhileAPersonKeepsAProcessDown)
{
    Stage stage{{process("web"), process("job")}};
    stage.begin();
    stage.stop("web");
    stage.obey("web");
    EXPECT_EQ(stage.end("job", Exited{0}), Words{});
    EXPECT_EQ(stage.start("web"), Words{"+web"});
    EXPECT_EQ(stage.end("web", Exited{0}), Words{"=0"});
}

TEST(Fleet, AnAppIsOverThoughDisabledProcessesNeverRan)
{
    auto tool = process("tool");
    tool.disabled = true;
    Stage stage{{process("job"), tool}};
    EXPECT_EQ(stage.begin(), Words{"+job"});
    EXPECT_EQ(stage.end("job", Exited{0}), Words{"=0"});
}

TEST(Fleet, AnAppStaysForWhatWaitsForItsTimeOrForAConnection)
{
    auto nightly = process("nightly");
    nightly.schedule = procfiles::Schedule{.when = procfiles::Interval{1h}};
    auto web = process("web");
    web.on_demand = true;
    for (const auto& resting : {nightly, web}) {
        Stage stage{{process("job"), resting}};
        stage.begin();
        EXPECT_EQ(stage.end("job", Exited{0}), Words{}) << resting.name;
        EXPECT_EQ(stage.stop_all(), Words{"=0"}) << resting.name;
    }
}

TEST(Fleet, WhatIsNotStartedBecauseADependencyFailedMayEndTheApp)
{
    auto web = process("web", {{"job", Condition::completed_successfully}});
    web.availability.exit_on_skipped = true;
    Stage stage{{process("job"), web, process("other")}};
    stage.begin();
    EXPECT_EQ(stage.end("job", Exited{5}), Words{"-other"});
    EXPECT_EQ(stage.obey("other"), Words{"=1"}) << "the code of the skipped process";
}

TEST(Fleet, NothingIsDoneOnceItHasFinished)
{
    Stage stage{{process("job")}};
    stage.begin();
    EXPECT_EQ(stage.end("job", Exited{0}), Words{"=0"});
    EXPECT_EQ(stage.play(KillAll{130}), Words{});
    EXPECT_EQ(stage.start("job"), Words{});
    EXPECT_EQ(stage.wait(1h), Words{});
}

TEST(Fleet, WhatIsReportedOfAnInstanceThatIsGoneIsIgnored)
{
    Stage stage{{process("web")}};
    stage.begin();
    EXPECT_EQ(stage.end("web", Exited{1}, 7), Words{});
    EXPECT_EQ(stage.state("web"), State::ready);
}

} // namespace
} // namespace pandora::supervisor::core
