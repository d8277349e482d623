#include "hub/core/drains.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace pandora::hub::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const InstanceName web0{"web", 0}, web1{"web", 1};
constexpr PeerId caller{9};

class DrainsTest : public ::testing::Test {
protected:
    void give(PeerId callee) { calls.add_leg(calls.open({.caller = caller}), callee); }

    void answer(PeerId callee) { calls.close(calls[*calls.any_leg_of(callee)].call); }

    std::vector<Drained> told()
    {
        drains.settle(calls, now);
        std::vector<Drained> out;
        drains.take(out);
        return out;
    }

    TimePoint now{1000s};
    CallTable calls;
    Drains drains;
};

TEST_F(DrainsTest, AnInstanceWithoutConnectionsIsDrainedAtOnce)
{
    const auto id = drains.drain(web0, now + 5s);
    EXPECT_THAT(told(), ElementsAre(Drained{id, 0}));
    EXPECT_TRUE(drains.is_draining(web0)) << "until somebody says that it is over";
    EXPECT_THAT(told(), IsEmpty()) << "once";
}

TEST_F(DrainsTest, ItIsToldWhenTheLastCallOfAllItsConnectionsIsAnswered)
{
    for (const PeerId peer : {PeerId{1}, PeerId{2}}) {
        drains.connected(web0, peer);
        give(peer);
    }
    const auto id = drains.drain(web0, now + 5s);
    EXPECT_THAT(told(), IsEmpty());
    answer(PeerId{1});
    EXPECT_THAT(told(), IsEmpty());
    answer(PeerId{2});
    EXPECT_THAT(told(), ElementsAre(Drained{id, 0}));
}

TEST_F(DrainsTest, CallsOfOthersDoNotHoldItUp)
{
    drains.connected(web0, PeerId{1});
    drains.connected(web1, PeerId{2});
    give(PeerId{2});
    const auto id = drains.drain(web0, now + 5s);
    EXPECT_THAT(told(), ElementsAre(Drained{id, 0}));
    EXPECT_FALSE(drains.is_draining(web1));
}

TEST_F(DrainsTest, AConnectionThatEndsTakesItsCallsWithIt)
{
    drains.connected(web0, PeerId{1});
    give(PeerId{1});
    const auto id = drains.drain(web0, now + 5s);
    drains.disconnected(web0, PeerId{1}); // the slot may be another's next
    EXPECT_THAT(told(), ElementsAre(Drained{id, 0}));
}

TEST_F(DrainsTest, AConnectionThatComesMeanwhileCounts)
{
    drains.connected(web0, PeerId{1});
    give(PeerId{1});
    const auto id = drains.drain(web0, now + 5s);
    drains.connected(web0, PeerId{3});
    give(PeerId{3});
    answer(PeerId{1});
    EXPECT_THAT(told(), IsEmpty());
    answer(PeerId{3});
    EXPECT_THAT(told(), ElementsAre(Drained{id, 0}));
}

TEST_F(DrainsTest, WhenTheTimeIsOverItTellsHowMuchIsLeft)
{
    drains.connected(web0, PeerId{1});
    give(PeerId{1});
    give(PeerId{1});
    const auto id = drains.drain(web0, now + 5s);
    EXPECT_EQ(drains.next_deadline(), now + 5s);
    now += 5s - 1ms;
    EXPECT_THAT(told(), IsEmpty());
    now += 1ms;
    EXPECT_THAT(told(), ElementsAre(Drained{id, 2}));
    EXPECT_EQ(drains.next_deadline(), std::nullopt);
    EXPECT_TRUE(drains.is_draining(web0));
}

TEST_F(DrainsTest, TheEndOfADrainAnswersWhoStillWaits)
{
    drains.connected(web0, PeerId{1});
    give(PeerId{1});
    const auto first = drains.drain(web0, now + 5s), second = drains.drain(web0, now + 9s);
    EXPECT_EQ(drains.size(), 1U);
    drains.undrain(web0, calls);
    EXPECT_THAT(told(), ElementsAre(Drained{first, 1}, Drained{second, 1}));
    EXPECT_EQ(drains.size(), 0U);
    EXPECT_EQ(drains.next_deadline(), std::nullopt);
}

TEST_F(DrainsTest, EachOfSeveralIsToldAtItsOwnTime)
{
    drains.connected(web0, PeerId{1});
    give(PeerId{1});
    const auto late = drains.drain(web0, now + 9s), soon = drains.drain(web0, now + 5s);
    EXPECT_EQ(drains.next_deadline(), now + 5s);
    now += 5s;
    EXPECT_THAT(told(), ElementsAre(Drained{soon, 1}));
    answer(PeerId{1});
    EXPECT_THAT(told(), ElementsAre(Drained{late, 0}));
}

TEST_F(DrainsTest, ToEndWhatNeverBeganDoesNothing)
{
    drains.undrain(web0, calls);
    EXPECT_THAT(told(), IsEmpty());
}

} // namespace
} // namespace pandora::hub::core
