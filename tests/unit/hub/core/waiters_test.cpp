#include "hub/core/waiters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pandora::hub::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr PeerId ann{1}, bob{2};
constexpr TimePoint start{1000s};

class WaitersTest : public ::testing::Test {
protected:
    void add(PeerId peer, std::string selector, TimePoint deadline)
    {
        waiters.add({WaitingClient{peer, 1}, std::move(selector), deadline});
    }

    /// Selectors of those who were told, with what they were told.
    std::vector<std::pair<std::string, std::uint32_t>> settle(TimePoint now)
    {
        std::vector<std::pair<std::string, std::uint32_t>> told;
        waiters.settle(
            now, [this](const Waiter& waiter) { return there[waiter.selector]; },
            [&](const Waiter& waiter, std::uint32_t clients) { told.emplace_back(waiter.selector, clients); });
        return told;
    }

    std::map<std::string, std::uint32_t> there;
    Waiters waiters;
};

TEST_F(WaitersTest, AreToldOnceHowManyAreThere)
{
    add(ann, "math", start + 1s), add(bob, "mail", start + 1s);
    EXPECT_THAT(settle(start), IsEmpty());
    there["mail"] = 3;
    EXPECT_THAT(settle(start), ElementsAre(Pair("mail", 3)));
    EXPECT_THAT(settle(start), IsEmpty());
    EXPECT_FALSE(waiters.empty());
}

TEST_F(WaitersTest, AreToldAtTheirDeadlineThatNobodyHasCome)
{
    add(ann, "late", start + 2s), add(ann, "soon", start + 1s);
    EXPECT_EQ(waiters.next_deadline(), start + 1s);
    EXPECT_THAT(settle(start + 1s - 1ns), IsEmpty());
    EXPECT_THAT(settle(start + 1s), ElementsAre(Pair("soon", 0)));
    EXPECT_EQ(waiters.next_deadline(), start + 2s);
    there["late"] = 1;
    EXPECT_THAT(settle(start + 5s), ElementsAre(Pair("late", 1))) << "better late than never";
    EXPECT_EQ(waiters.next_deadline(), std::nullopt);
}

TEST_F(WaitersTest, OfOneThatHasGoneNobodyIsTold)
{
    add(ann, "math", start), add(bob, "math", start), add(ann, "mail", start);
    EXPECT_EQ(waiters.of(ann), 2U);
    waiters.forget(ann);
    EXPECT_EQ(waiters.of(ann), 0U);
    EXPECT_THAT(settle(start), ElementsAre(Pair("math", 0)));
}

TEST_F(WaitersTest, TheHubsOwnerIsNobodysConnection)
{
    waiters.add({WaitId{7}, "math", start});
    waiters.forget(PeerId{7}), waiters.forget(PeerId{0});
    EXPECT_EQ(waiters.of(PeerId{7}), 0U);
    EXPECT_THAT(settle(start), ElementsAre(Pair("math", 0)));
}

TEST_F(WaitersTest, WhoBeginsToWaitWhileOthersAreToldIsNotForgotten)
{
    add(ann, "math", start);
    waiters.settle(
        start, [](const Waiter&) { return 0U; }, [&](const Waiter&, std::uint32_t) { add(bob, "again", start + 1s); });
    EXPECT_EQ(waiters.of(bob), 1U);
}

TEST_F(WaitersTest, WhatIsForgottenIsTheBytesThatItWasChargedWith)
{
    add(ann, "math", start), add(ann, "mathematics", start), add(bob, "mail", start);
    EXPECT_EQ(waiters.cancel(ann, 2), 0U);
    EXPECT_EQ(waiters.cancel(bob, 1), sizeof(Waiter) + 4);
    EXPECT_EQ(waiters.forget(ann), 2 * sizeof(Waiter) + 15);
    EXPECT_TRUE(waiters.empty());
    EXPECT_EQ(waiters.forget(ann), 0U);
}

} // namespace
} // namespace pandora::hub::core
