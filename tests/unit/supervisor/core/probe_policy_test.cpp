#include "supervisor/core/probe_policy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using procfiles::Probe;

constexpr TimePoint start{};

/// One attempt that takes no time, when it is due.
std::optional<ProbeState> attempt(ProbePolicy& policy, bool passed)
{
    const auto at = policy.due().value();
    policy.began(at);
    return policy.answered(passed, at);
}

TEST(ProbePolicy, TheFirstAttemptWaitsForTheInitialDelay)
{
    EXPECT_EQ(ProbePolicy(Probe{}, start + 5s).due(), start + 5s);
    EXPECT_EQ(ProbePolicy(Probe{.initial_delay = 3s}, start + 5s).due(), start + 8s);
}

TEST(ProbePolicy, FurtherAttemptsBeginAPeriodApart)
{
    ProbePolicy policy{Probe{.period = 10s}, start};
    policy.began(start + 1s); // the loop was busy
    EXPECT_EQ(policy.due(), std::nullopt);
    policy.answered(true, start + 2s);
    EXPECT_EQ(policy.due(), start + 11s);
    policy.began(start + 11s);
    policy.answered(false, start + 12s);
    EXPECT_EQ(policy.due(), start + 21s);
}

TEST(ProbePolicy, AttemptsNeverOverlapWhereOneTakesLongerThanThePeriod)
{
    ProbePolicy policy{Probe{.period = 1s, .timeout = 5s}, start};
    policy.began(start);
    policy.answered(false, start + 5s);
    EXPECT_EQ(policy.due(), start + 5s);
}

TEST(ProbePolicy, StatesFollowFromTheThresholds)
{
    // Each letter of `answers` is an attempt (P passes, F fails); the one below it the state after it: `?` unknown,
    // `p` passing, `f` failing.
    struct Row {
        std::uint32_t successes, failures;
        std::string_view answers, states;
    };

    const Row rows[] = {
        {1, 3, "P", "p"},
        {1, 3, "FFF", "??f"},
        {1, 3, "FFPFFF", "??pppf"}, // a pass sets the failures back
        {1, 3, "PFFPFFP", "ppppppp"},
        {2, 1, "PP", "?p"},
        {2, 1, "PFPFPP", "?ffffp"}, // and a failure the passes
        {3, 2, "PPFPPP", "?????p"},
        {1, 1, "FPFP", "fpfp"},
        {0, 0, "FP", "fp"}, // no threshold is below one
    };
    for (const auto& row : rows) {
        ProbePolicy policy{Probe{.success_threshold = row.successes, .failure_threshold = row.failures}, start};
        std::string states;
        for (const char answer : row.answers) {
            const auto before = policy.state();
            const auto change = attempt(policy, answer == 'P');
            EXPECT_EQ(change.value_or(before), policy.state()) << row.answers;
            EXPECT_EQ(change.has_value(), before != policy.state()) << row.answers;
            states += "?pf"[static_cast<int>(policy.state())];
        }
        EXPECT_EQ(states, row.states) << row.answers << " with " << row.successes << " and " << row.failures;
    }
}

TEST(ProbePolicy, CountsTheFailuresInARowAlsoBeyondTheThreshold)
{
    ProbePolicy policy{Probe{.failure_threshold = 2}, start};
    for (std::uint32_t count = 1; count <= 5; ++count) {
        attempt(policy, false);
        EXPECT_EQ(policy.failures(), count);
    }
    attempt(policy, true);
    EXPECT_EQ(policy.failures(), 0U);
}

TEST(ProbePolicyDeathTest, AnAnswerWithoutAnAttemptIsABug)
{
    ProbePolicy policy{Probe{}, start};
    EXPECT_DEATH(policy.answered(true, start), "belongs to an attempt");
    policy.began(start);
    EXPECT_DEATH(policy.began(start), "one attempt at a time");
}

} // namespace
} // namespace pandora::supervisor::core
