#include "hub/core/liveness.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace pandora::hub::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Verdict = Liveness::Verdict;
using Is = Verdict::Is;

constexpr PeerId worker{0}, npm{1};
constexpr TimePoint start{1000s};
const Millis period = wire::Limits{}.ping_period, patience = wire::Limits{}.ping_patience;

class LivenessTest : public ::testing::Test {
protected:
    /// Lets time pass, with a look whenever one is due, as the loop does.
    void pass(Millis span)
    {
        const TimePoint end = now + span;
        for (auto due = liveness.next_deadline(); due && *due <= end; due = liveness.next_deadline()) {
            now = std::max(now, *due);
            liveness.advance(now, pings, verdicts);
        }
        now = end;
        liveness.advance(now, pings, verdicts);
    }

    std::vector<PeerId> pinged() { return std::exchange(pings, {}); }

    std::vector<Verdict> judged() { return std::exchange(verdicts, {}); }

    TimePoint now = start;
    Liveness liveness{wire::Limits{}, start};
    std::vector<PeerId> pings;
    std::vector<Verdict> verdicts;
};

TEST_F(LivenessTest, WithNobodyThereNothingIsDue)
{
    EXPECT_EQ(liveness.next_deadline(), std::nullopt);
    EXPECT_FALSE(liveness.unresponsive(worker));
}

TEST_F(LivenessTest, ASilentNativePeerIsPingedAfterThePeriodAndOnce)
{
    liveness.connected(worker, true, now);
    pass(period - 1ms);
    EXPECT_THAT(pinged(), IsEmpty());
    pass(1ms);
    EXPECT_THAT(pinged(), ElementsAre(worker));
    pass(patience - 1ms);
    EXPECT_THAT(pinged(), IsEmpty());
    EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(LivenessTest, WhoAnswersIsPingedAPeriodAfterThat)
{
    liveness.connected(worker, true, now);
    pass(period);
    pass(1s);
    liveness.heard(worker, now);
    pinged();
    pass(period - 1ms);
    EXPECT_THAT(pinged(), IsEmpty());
    pass(1ms);
    EXPECT_THAT(pinged(), ElementsAre(worker));
    EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(LivenessTest, APeerFromWhichFramesKeepComingIsNeverPinged)
{
    liveness.connected(worker, true, now);
    for (int i = 0; i < 600; ++i) {
        pass(100ms);
        liveness.heard(worker, now);
    }
    EXPECT_THAT(pinged(), IsEmpty());
    EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(LivenessTest, WhoDoesNotAnswerIsUnresponsiveUntilItIsHeard)
{
    liveness.connected(worker, true, now);
    pass(2s);
    liveness.heard(worker, now);
    const TimePoint last = now;
    pass(period + patience - 1ms);
    EXPECT_FALSE(liveness.unresponsive(worker));
    pass(1ms);
    EXPECT_THAT(judged(), ElementsAre(Verdict{worker, Is::unresponsive, last}));
    EXPECT_TRUE(liveness.unresponsive(worker));
    EXPECT_EQ(liveness.unresponsive(), 1U);
    EXPECT_THAT(pinged(), ElementsAre(worker)) << "the one PING waits in its socket";

    pass(1h);
    EXPECT_THAT(judged(), IsEmpty()) << "said once";
    EXPECT_THAT(pinged(), IsEmpty());
    liveness.heard(worker, now);
    pass(Liveness::recheck_period);
    EXPECT_THAT(judged(), ElementsAre(Verdict{worker, Is::responsive, last}));
    EXPECT_FALSE(liveness.unresponsive(worker));
    EXPECT_EQ(liveness.unresponsive(), 0U);
    pass(period);
    EXPECT_THAT(pinged(), ElementsAre(worker)) << "and everything begins anew";
    pass(patience);
    EXPECT_EQ(judged().size(), 1U);
}

TEST_F(LivenessTest, ALegacyPeerMayBeSilentForEver)
{
    liveness.connected(npm, false, now);
    EXPECT_EQ(liveness.next_deadline(), std::nullopt);
    pass(24h);
    EXPECT_THAT(pinged(), IsEmpty());
    EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(LivenessTest, ALegacyPeerIsJudgedByTheAgeOfItsQueue)
{
    liveness.connected(npm, false, now);
    pass(1h);
    const TimePoint since = now;
    liveness.stalled(npm, now);
    pass(patience - 1ms);
    EXPECT_THAT(judged(), IsEmpty());
    liveness.stalled(npm, now); // more is put into its queue
    pass(1ms);
    EXPECT_THAT(judged(), ElementsAre(Verdict{npm, Is::unresponsive, since}));
    liveness.stalled(npm, now);
    pass(1h);
    EXPECT_THAT(judged(), IsEmpty());
    liveness.moved(npm, now);
    pass(Liveness::recheck_period);
    EXPECT_THAT(judged(), ElementsAre(Verdict{npm, Is::responsive, since}));
    EXPECT_EQ(liveness.next_deadline(), std::nullopt);
    EXPECT_THAT(pinged(), IsEmpty());
}

TEST_F(LivenessTest, AQueueThatMovesIsNotStalledHoweverSlowly)
{
    liveness.connected(npm, false, now);
    liveness.connected(worker, true, now);
    for (int i = 0; i < 50; ++i) {
        for (const PeerId peer : {npm, worker}) liveness.stalled(peer, now);
        pass(patience - 1ms);
        for (const PeerId peer : {npm, worker}) liveness.moved(peer, now);
    }
    EXPECT_THAT(judged(), IsEmpty());
    pass(1h);
    EXPECT_FALSE(liveness.unresponsive(npm)) << "its queue is empty";
    EXPECT_TRUE(liveness.unresponsive(worker)) << "it owes an answer";
}

TEST_F(LivenessTest, WhatFitsIntoTheSocketIsNoSignOfLife)
{
    liveness.connected(worker, true, now);
    for (int i = 0; i < 16; ++i) { // a stopped process, for which something comes every second
        liveness.stalled(worker, now);
        liveness.moved(worker, now);
        pass(1s);
    }
    EXPECT_THAT(judged(), ElementsAre(Verdict{worker, Is::unresponsive, start}));
}

TEST_F(LivenessTest, WhoIsHeardButDoesNotReadIsAlive)
{
    liveness.connected(npm, false, now);
    liveness.stalled(npm, now);
    for (int i = 0; i < 20; ++i) {
        pass(patience - 1ms);
        liveness.heard(npm, now);
    }
    EXPECT_THAT(judged(), IsEmpty());
    const TimePoint last = now;
    pass(patience);
    EXPECT_THAT(judged(), ElementsAre(Verdict{npm, Is::unresponsive, last})) << "from when it says nothing either";
}

TEST_F(LivenessTest, APeerThatTurnsOutToBeNativeIsPingedFromThenOn)
{
    liveness.connected(worker, false, now);
    pass(1h);
    liveness.connected(worker, true, now);
    pass(period);
    EXPECT_THAT(pinged(), ElementsAre(worker));
}

TEST_F(LivenessTest, NoMoreIsSaidOfOneThatIsGone)
{
    liveness.connected(worker, true, now);
    liveness.connected(npm, true, now);
    pass(period + patience);
    EXPECT_EQ(judged().size(), 2U);
    pinged();
    liveness.gone(worker);
    liveness.gone(npm);
    EXPECT_EQ(liveness.unresponsive(), 0U);
    EXPECT_EQ(liveness.next_deadline(), std::nullopt);
    liveness.connected(worker, true, now); // another, with its number
    EXPECT_FALSE(liveness.unresponsive(worker));
    pass(period - 1ms);
    EXPECT_THAT(pinged(), IsEmpty());
    EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(LivenessTest, AHubThatWasAwayItselfReadsWhatHasComeBeforeItJudges)
{
    liveness.connected(worker, true, now);
    liveness.connected(npm, true, now);
    pass(period);
    const TimePoint asked = now;
    now += 1h; // the hub was stopped, and both have answered meanwhile, or not
    liveness.advance(now, pings, verdicts);
    EXPECT_THAT(judged(), IsEmpty());
    liveness.heard(npm, now);
    pass(Liveness::recheck_period);
    EXPECT_THAT(judged(), ElementsAre(Verdict{worker, Is::unresponsive, asked - period}));
}

TEST_F(LivenessTest, AThousandThatAreHeardAllTheTimeCostOneLookAPeriodEach)
{
    constexpr std::uint32_t count = 1000;
    for (std::uint32_t i = 0; i < count; ++i) {
        liveness.connected(PeerId{i}, true, now);
        now += 1ms;
    }
    std::size_t looks = 0;
    for (const TimePoint end = now + 10 * period; now < end; now += 1ms) {
        for (std::uint32_t i = 0; i < count; i += 50)
            liveness.heard(PeerId{static_cast<std::uint32_t>((i + looks) % count)}, now);
        if (liveness.next_deadline() > now) continue;
        ++looks;
        for (std::uint32_t i = 0; i < count; ++i) liveness.heard(PeerId{i}, now);
        liveness.advance(now, pings, verdicts);
    }
    EXPECT_THAT(pinged(), IsEmpty());
    EXPECT_LE(looks, 10 * count + 1000) << "the wheel itself looks some times more";
}

} // namespace
} // namespace pandora::hub::core
