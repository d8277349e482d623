#include "supervisor/os/survivor_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace pandora::supervisor::os {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Clock = SurvivorPlan::Clock;
using Order = SurvivorPlan::Order;

constexpr SurvivorPlan::Patience patience{.grace = 10s, .after_kill = 2s, .between_looks = 20ms};

Survivor survivor(pid_t pid, std::uint64_t start_time = 1) { return {pid, start_time, "sleep", {}, {}}; }

Order polite(const Survivor& to) { return {to, {SIGTERM, SIGCONT}}; }

Order final_word(const Survivor& to) { return {to, {SIGKILL}}; }

class SurvivorPlanTest : public testing::Test {
protected:
    SurvivorPlan::Step at(std::chrono::milliseconds time, const std::vector<Survivor>& alive)
    {
        return plan_.next(alive, Clock::time_point{} + time);
    }

    SurvivorPlan plan_{patience, Clock::time_point{}};
};

TEST_F(SurvivorPlanTest, WithoutSurvivorsIsOverAtOnce)
{
    const auto step = at(0ms, {});
    EXPECT_THAT(step.orders, IsEmpty());
    EXPECT_FALSE(step.again);
}

TEST_F(SurvivorPlanTest, AsksEachOnceAndKillsWhenTheGraceIsOver)
{
    const auto a = survivor(7);
    EXPECT_THAT(at(0ms, {a}).orders, ElementsAre(polite(a)));
    EXPECT_THAT(at(20ms, {a}).orders, IsEmpty());
    EXPECT_EQ(at(9'980ms, {a}).again, 20ms);
    EXPECT_THAT(at(10s, {a}).orders, ElementsAre(final_word(a)));
    EXPECT_THAT(at(10'020ms, {a}).orders, ElementsAre(final_word(a)));
    EXPECT_FALSE(at(10'040ms, {}).again);
}

TEST_F(SurvivorPlanTest, ANewcomerIsAskedButBuysNoTime)
{
    const auto a = survivor(7);
    const auto b = survivor(8);
    const auto c = survivor(9);
    at(0ms, {a});
    EXPECT_THAT(at(5s, {a, b}).orders, ElementsAre(polite(b)));
    EXPECT_THAT(plan_.newcomers(), ElementsAre(b));
    EXPECT_THAT(at(10s, {b, c}).orders, ElementsAre(final_word(b), final_word(c)));
    EXPECT_THAT(plan_.newcomers(), ElementsAre(c));
}

TEST_F(SurvivorPlanTest, LostPatienceEndsTheGraceAndNeverLengthensIt)
{
    const auto a = survivor(7);
    at(0ms, {a});
    plan_.hurry(Clock::time_point{} + 1s);
    EXPECT_THAT(at(1s, {a}).orders, ElementsAre(final_word(a)));
    plan_.hurry(Clock::time_point{} + 2s);
    EXPECT_FALSE(at(3s, {a}).again) << "2 s after the first KILL, as ever";
}

TEST_F(SurvivorPlanTest, ANumberThatIsUsedAgainIsANewcomer)
{
    const auto before = survivor(7, 100);
    const auto after = survivor(7, 200);
    at(0ms, {before});
    EXPECT_THAT(at(20ms, {after}).orders, ElementsAre(polite(after)));
}

TEST_F(SurvivorPlanTest, LeavesToTheKernelWhatEvenKillDoesNotEnd)
{
    const auto a = survivor(7);
    at(0ms, {a});
    EXPECT_TRUE(at(11'990ms, {a}).again);
    const auto last = at(12s, {a});
    EXPECT_THAT(last.orders, IsEmpty());
    EXPECT_FALSE(last.again);
}

TEST(Survivor, IsNamedByWhomItBelongsToWhereThatIsKnown)
{
    EXPECT_EQ(describe(Survivor{7, 1, "sleep", "web", "1"}), "web/1: pid 7 (sleep)");
    EXPECT_EQ(describe(Survivor{7, 1, "sleep", "web", ""}), "web: pid 7 (sleep)");
    EXPECT_EQ(describe(Survivor{7, 1, "sleep", "", ""}), "pid 7 (sleep)");
}

} // namespace
} // namespace pandora::supervisor::os
