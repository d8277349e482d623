#include "supervisor/core/restart_policy.hpp"

#include <gtest/gtest.h>

#include <set>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::Availability;
using procfiles::Restart;

const RunEnd good{.good = true, .ran_for = 1s};
const RunEnd bad{.good = false, .ran_for = 1s};
const RunEnd missing{.good = false, .began = false};

RunEnd bad_after(Clock::duration ran_for) { return {.good = false, .ran_for = ran_for}; }

/// Without jitter, so that delays can be told.
RestartPolicy policy_of(Availability rule)
{
    rule.backoff_jitter = 0;
    return {rule, 1};
}

TEST(RestartPolicy, DecidesByPolicyAndEnd)
{
    struct Row {
        Restart rule;
        RunEnd end;
        Verdict want;
    };

    const Verdict restart = RestartAfter{200ms};
    const Row rows[] = {
        {Restart::no, good, StayDown{}},           {Restart::no, bad, StayDown{}},
        {Restart::on_failure, good, StayDown{}},   {Restart::on_failure, bad, restart},
        {Restart::on_failure, missing, restart},   {Restart::always, good, restart},
        {Restart::always, bad, restart},           {Restart::exit_on_failure, good, StayDown{}},
        {Restart::exit_on_failure, bad, EndApp{}}, {Restart::exit_on_failure, missing, EndApp{}},
    };
    for (const auto& row : rows) {
        auto policy = policy_of({.restart = row.rule});
        EXPECT_EQ(policy.on_end(row.end, TimePoint{}), row.want)
            << static_cast<int>(row.rule) << (row.end.good ? " good" : " bad");
    }
}

TEST(RestartPolicy, AnyEndEndsTheAppWhereTheProcfileSaysSo)
{
    auto policy = policy_of({.restart = Restart::always, .exit_on_end = true});
    EXPECT_EQ(policy.on_end(good, TimePoint{}), Verdict{EndApp{}});
}

TEST(RestartPolicy, DelaysGrowUpToTheCapAndStartAnewAfterAStableRun)
{
    auto policy = policy_of(
        {.restart = Restart::always, .backoff = 100ms, .backoff_multiplier = 3, .backoff_max = 1s, .reset_after = 30s});
    const auto delay_after = [&](Clock::duration ran_for) {
        return std::get<RestartAfter>(policy.on_end(bad_after(ran_for), TimePoint{})).delay;
    };
    EXPECT_EQ(delay_after(1s), 100ms);
    EXPECT_EQ(delay_after(1s), 300ms);
    EXPECT_EQ(delay_after(1s), 900ms);
    EXPECT_EQ(delay_after(1s), 1s);
    EXPECT_EQ(delay_after(29s), 1s);
    EXPECT_EQ(delay_after(30s), 100ms);
    EXPECT_EQ(delay_after(0s), 300ms);
}

TEST(RestartPolicy, TenThousandRestartsInARowStayAtTheCap)
{
    auto policy = policy_of({.restart = Restart::always, .backoff = 1ms, .backoff_max = 30s});
    Verdict last;
    for (int n = 0; n < 10'000; ++n) last = policy.on_end(bad_after(0s), TimePoint{});
    EXPECT_EQ(last, Verdict{RestartAfter{30s}});
}

TEST(RestartPolicy, NoDelayStaysNoDelayHoweverOftenItFails)
{
    auto policy = policy_of({.restart = Restart::always, .backoff = 0ms});
    for (int n = 0; n < 5'000; ++n) ASSERT_EQ(policy.on_end(bad_after(0s), TimePoint{}), Verdict{RestartAfter{0ms}});
}

TEST(RestartPolicy, AFailedStartIsNeverTriedAgainAtOnce)
{
    auto eager = policy_of({.restart = Restart::always, .backoff = 0ms});
    EXPECT_EQ(eager.on_end(missing, TimePoint{}), Verdict{RestartAfter{failed_start_delay_min}});
    auto patient = policy_of({.restart = Restart::always, .backoff = 1s});
    EXPECT_EQ(patient.on_end(missing, TimePoint{}), Verdict{RestartAfter{1s}});
}

TEST(RestartPolicy, GivesUpWhenTheWindowIsFullUntilItMovesOn)
{
    auto policy = policy_of({.restart = Restart::on_failure, .backoff = 0ms, .max_restarts = 2, .restart_window = 10s});

    struct Row {
        std::chrono::seconds at;
        Verdict want;
    };

    const Row rows[] = {{0s, RestartAfter{0ms}},  {1s, RestartAfter{0ms}}, {2s, GiveUp{}},          {9s, GiveUp{}},
                        {10s, RestartAfter{0ms}}, {10s, GiveUp{}},         {11s, RestartAfter{0ms}}};
    for (const auto& row : rows)
        EXPECT_EQ(policy.on_end(bad_after(0s), TimePoint{} + row.at), row.want) << "at " << row.at.count() << " s";
}

TEST(RestartPolicy, AGoodEndDoesNotSpendTheBudgetOfOnFailure)
{
    auto policy = policy_of({.restart = Restart::on_failure, .backoff = 0ms, .max_restarts = 1});
    EXPECT_EQ(policy.on_end(good, TimePoint{}), Verdict{StayDown{}});
    EXPECT_EQ(policy.on_end(bad_after(0s), TimePoint{}), Verdict{RestartAfter{0ms}});
    EXPECT_EQ(policy.on_end(bad_after(0s), TimePoint{}), Verdict{GiveUp{}});
}

TEST(RestartPolicy, JitterSpreadsTheDelaysOfThoseThatFellTogether)
{
    std::set<Millis> delays;
    for (std::uint32_t seed = 0; seed < 100; ++seed) {
        RestartPolicy policy{{.restart = Restart::always, .backoff = 1s, .backoff_jitter = 0.2}, seed};
        const auto delay = std::get<RestartAfter>(policy.on_end(bad, TimePoint{})).delay;
        EXPECT_GE(delay, 800ms);
        EXPECT_LE(delay, 1200ms);
        delays.insert(delay);
    }
    EXPECT_GT(delays.size(), 50U);
}

} // namespace
} // namespace pandora::supervisor::core
