#include "supervisor/core/restart_policy.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::Availability;
using procfiles::Restart;

const ExitStatus good = Exited{0};
const ExitStatus bad = Exited{1};
const ExitStatus crash = Killed{SIGSEGV, false};
const ExitStatus missing = NotStarted{"cannot execute", 127};

TEST(RestartPolicy, DecidesByPolicyAndEnd)
{
    struct Row {
        Restart rule;
        ExitStatus status;
        Verdict want;
    };

    const Verdict restart = RestartAfter{200ms};
    const Row rows[] = {
        {Restart::no, good, StayDown{}},           {Restart::no, bad, StayDown{}},
        {Restart::no, crash, StayDown{}},          {Restart::on_failure, good, StayDown{}},
        {Restart::on_failure, bad, restart},       {Restart::on_failure, crash, restart},
        {Restart::on_failure, missing, restart},   {Restart::always, good, restart},
        {Restart::always, crash, restart},         {Restart::exit_on_failure, good, StayDown{}},
        {Restart::exit_on_failure, bad, EndApp{}}, {Restart::exit_on_failure, missing, EndApp{}},
    };
    for (const auto& row : rows) {
        RestartPolicy policy{Availability{.restart = row.rule}};
        EXPECT_EQ(policy.on_end(row.status, 1s, TimePoint{}), row.want)
            << static_cast<int>(row.rule) << " " << describe(row.status);
    }
}

TEST(RestartPolicy, AnyEndEndsTheAppWhereTheProcfileSaysSo)
{
    RestartPolicy policy{Availability{.restart = Restart::always, .exit_on_end = true}};
    EXPECT_EQ(policy.on_end(good, 1s, TimePoint{}), Verdict{EndApp{}});
}

TEST(RestartPolicy, DelaysGrowUpToTheCapAndStartAnewAfterAStableRun)
{
    RestartPolicy policy{Availability{
        .restart = Restart::always, .backoff = 100ms, .backoff_multiplier = 3, .backoff_max = 1s, .reset_after = 30s}};
    const auto delay_after = [&](Clock::duration ran_for) {
        return std::get<RestartAfter>(policy.on_end(bad, ran_for, TimePoint{})).delay;
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
    RestartPolicy policy{Availability{.restart = Restart::always, .backoff = 1ms, .backoff_max = 30s}};
    Verdict last;
    for (int n = 0; n < 10'000; ++n) last = policy.on_end(crash, 0s, TimePoint{});
    EXPECT_EQ(last, Verdict{RestartAfter{30s}});
}

TEST(RestartPolicy, NoDelayStaysNoDelayHoweverOftenItFails)
{
    RestartPolicy policy{Availability{.restart = Restart::always, .backoff = 0ms}};
    for (int n = 0; n < 5'000; ++n) ASSERT_EQ(policy.on_end(crash, 0s, TimePoint{}), Verdict{RestartAfter{0ms}});
}

TEST(RestartPolicy, AFailedStartIsNeverTriedAgainAtOnce)
{
    RestartPolicy eager{Availability{.restart = Restart::always, .backoff = 0ms}};
    EXPECT_EQ(eager.on_end(missing, 0s, TimePoint{}), Verdict{RestartAfter{failed_start_delay_min}});
    RestartPolicy patient{Availability{.restart = Restart::always, .backoff = 1s}};
    EXPECT_EQ(patient.on_end(missing, 0s, TimePoint{}), Verdict{RestartAfter{1s}});
}

TEST(RestartPolicy, GivesUpWhenTheWindowIsFullUntilItMovesOn)
{
    RestartPolicy policy{
        Availability{.restart = Restart::on_failure, .backoff = 0ms, .max_restarts = 2, .restart_window = 10s}};

    struct Row {
        std::chrono::seconds at;
        Verdict want;
    };

    const Row rows[] = {{0s, RestartAfter{0ms}},  {1s, RestartAfter{0ms}}, {2s, GiveUp{}},          {9s, GiveUp{}},
                        {10s, RestartAfter{0ms}}, {10s, GiveUp{}},         {11s, RestartAfter{0ms}}};
    for (const auto& row : rows)
        EXPECT_EQ(policy.on_end(bad, 0s, TimePoint{} + row.at), row.want) << "at " << row.at.count() << " s";
}

TEST(RestartPolicy, AGoodEndDoesNotSpendTheBudgetOfOnFailure)
{
    RestartPolicy policy{Availability{.restart = Restart::on_failure, .backoff = 0ms, .max_restarts = 1}};
    EXPECT_EQ(policy.on_end(good, 0s, TimePoint{}), Verdict{StayDown{}});
    EXPECT_EQ(policy.on_end(bad, 0s, TimePoint{}), Verdict{RestartAfter{0ms}});
    EXPECT_EQ(policy.on_end(bad, 0s, TimePoint{}), Verdict{GiveUp{}});
}

} // namespace
} // namespace pandora::supervisor::core
