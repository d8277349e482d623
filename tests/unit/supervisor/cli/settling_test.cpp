#include "supervisor/cli/settling.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace pandora::supervisor::cli {
namespace {

using control::Accepted;
using control::InstanceView;

const Accepted web0{{{"web", 0, 1}}};

InstanceView view(const std::string& state, std::uint64_t runs, std::uint32_t instance = 0)
{
    InstanceView it{.process = "web", .instance = instance, .state = state, .runs = runs};
    it.up = state == "ready" || state == "starting" || state == "stopping";
    if (it.up) it.pid = 17;
    if (state == "failed" || state == "backoff") it.last_end = "exit 3";
    return it;
}

enum class Seen { underway, good, bad };

Seen seen(const Goal& goal, const Accepted& before, const std::vector<InstanceView>& now)
{
    const auto found = look(goal, before, now);
    if (std::holds_alternative<Underway>(found)) return Seen::underway;
    for (const auto& line : std::get<Outcome>(found))
        if (!line.good) return Seen::bad;
    return Seen::good;
}

struct Row {
    const char* what;
    Goal goal;
    InstanceView now;
    Seen want;
};

class OneInstance : public ::testing::TestWithParam<Row> {};

TEST_P(OneInstance, IsSeenAs)
{
    EXPECT_EQ(seen(GetParam().goal, web0, {GetParam().now}), GetParam().want) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(Settling, OneInstance,
                         ::testing::Values(Row{"it waits for others", Started{}, view("pending", 1), Seen::underway},
                                           Row{"it is not ready yet", Started{}, view("starting", 2), Seen::underway},
                                           Row{"it runs", Started{}, view("ready", 2), Seen::good},
                                           Row{"a task is done", Started{}, view("completed", 2), Seen::good},
                                           Row{"it ended and is tried again", Started{}, view("backoff", 2), Seen::bad},
                                           Row{"it gave up", Started{}, view("failed", 2), Seen::bad},
                                           Row{"it has its grace", Stopped{}, view("stopping", 1), Seen::underway},
                                           Row{"it is down", Stopped{}, view("completed", 1), Seen::good},
                                           Row{"it was down, badly", Stopped{}, view("failed", 1), Seen::good},
                                           Row{"it would come back", Stopped{}, view("backoff", 1), Seen::underway},
                                           Row{"the old run is still there", Restarted{}, view("ready", 1),
                                               Seen::underway},
                                           Row{"the old run ends", Restarted{}, view("stopping", 1), Seen::underway},
                                           Row{"between two runs", Restarted{}, view("completed", 1), Seen::underway},
                                           Row{"the new run begins", Restarted{}, view("starting", 2), Seen::underway},
                                           Row{"the new run is there", Restarted{}, view("ready", 2), Seen::good},
                                           Row{"the new run ended at once", Restarted{}, view("backoff", 2), Seen::bad},
                                           Row{"there could be no new run", Restarted{}, view("failed", 1), Seen::bad},
                                           Row{"it is being replaced", Reloaded{}, view("stopping", 1), Seen::underway},
                                           Row{"it goes on", Reloaded{}, view("ready", 1), Seen::good}));

TEST(Settling, WaitsForTheLastOfSeveral)
{
    const Accepted both{{{"web", 0, 1}, {"web", 1, 1}}};
    const auto found = look(Stopped{}, both, {view("completed", 1, 0), view("stopping", 1, 1)});
    EXPECT_EQ(std::get<Underway>(found).who, "web/1 (stopping)");
}

TEST(Settling, OthersDoNotMatter)
{
    EXPECT_EQ(seen(Stopped{}, web0, {view("completed", 1, 0), view("ready", 1, 1)}), Seen::good);
}

TEST(Settling, ARollingReplaceIsSeenWhenItIsOver)
{
    auto rolling = view("ready", 2);
    rolling.rolling = true;
    EXPECT_EQ(seen(Rolled{}, web0, {rolling}), Seen::underway);
    EXPECT_EQ(seen(Reloaded{}, web0, {rolling}), Seen::underway);
    EXPECT_EQ(seen(Rolled{}, web0, {view("ready", 2)}), Seen::good);
    EXPECT_EQ(seen(Rolled{}, web0, {view("failed", 1)}), Seen::bad);
}

TEST(Settling, ARollingReplaceThatIsTakenBackIsAFailureWithItsReason)
{
    const auto told = [](const Rolled& goal) { return std::get<Outcome>(look(goal, web0, {view("ready", 1)})); };
    const std::string what = "web/0 was not replaced: the rolling replace was taken back; ";
    EXPECT_EQ(told({{{"web", "web/1 failed: exit 3"}}}), (Outcome{{what + "web/1 failed: exit 3", false}}));
    EXPECT_EQ(told({{{"db", "db/0 failed: exit 3"}}}), (Outcome{{what + "`pandora run` has said why", false}}));
}

TEST(Settling, WhatDidNotRunIsNoPartOfAReload)
{
    for (const char* state : {"failed", "completed", "disabled", "backoff", "pending"}) {
        const Goal goal = Reloaded{{view(state, 1)}};
        EXPECT_EQ(std::get<Outcome>(look(goal, web0, {view(state, 1)})),
                  (Outcome{{"web/0 did not run: nothing to reload", true}}))
            << state;
    }
    EXPECT_EQ(seen(Reloaded{{view("ready", 1)}}, web0, {view("failed", 1)}), Seen::bad) << "the reload was its end";
    EXPECT_EQ(seen(Reloaded{{view("ready", 1, 1)}}, web0, {view("failed", 1)}), Seen::bad) << "it is new";
}

TEST(Settling, WhoIsGoneIsStoppedOrReplacedButDoesNotRun)
{
    EXPECT_EQ(seen(Stopped{}, web0, {}), Seen::good);
    EXPECT_EQ(seen(Restarted{}, web0, {}), Seen::good);
    EXPECT_EQ(seen(Rolled{}, web0, {}), Seen::good);
    EXPECT_EQ(seen(Reloaded{}, web0, {}), Seen::good); // it left after the rolling replace before
    EXPECT_EQ(seen(Started{}, web0, {}), Seen::bad);
}

TEST(Settling, ScaledUpMeansThatEachNewInstanceRuns)
{
    const Goal three = Scaled{"web", 3};
    EXPECT_EQ(seen(three, web0, {view("ready", 1, 0), view("ready", 1, 1)}), Seen::underway);
    EXPECT_EQ(seen(three, web0, {view("ready", 1, 0), view("ready", 1, 1), view("starting", 1, 2)}), Seen::underway);
    EXPECT_EQ(seen(three, web0, {view("ready", 1, 0), view("ready", 1, 1), view("ready", 1, 2)}), Seen::good);
    EXPECT_EQ(seen(three, web0, {view("ready", 1, 0), view("ready", 1, 1), view("failed", 1, 2)}), Seen::bad);
}

TEST(Settling, ScaledDownMeansThatTheOthersAreGoneOrDown)
{
    const Goal one = Scaled{"web", 1};
    EXPECT_EQ(seen(one, web0, {view("ready", 1, 0), view("stopping", 1, 1)}), Seen::underway);
    EXPECT_EQ(seen(one, web0, {view("ready", 1, 0), view("completed", 1, 1)}), Seen::good);
    EXPECT_EQ(seen(one, web0, {view("ready", 1, 0)}), Seen::good);
    EXPECT_EQ(seen(Scaled{"web", 0}, web0, {view("completed", 1, 0)}), Seen::good);
}

TEST(Settling, TellsWhatBecameOfEach)
{
    auto failed = view("failed", 2);
    failed.cause = "gave up after 5 restarts";
    EXPECT_EQ(std::get<Outcome>(look(Started{}, web0, {failed})).front().text,
              "web/0 failed: exit 3; gave up after 5 restarts");
    EXPECT_EQ(std::get<Outcome>(look(Started{}, web0, {view("ready", 2)})).front().text, "web/0 ready, pid 17");
    EXPECT_EQ(std::get<Outcome>(look(Stopped{}, web0, {view("completed", 2)})).front().text, "web/0 stopped");
}

} // namespace
} // namespace pandora::supervisor::cli
