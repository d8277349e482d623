#include "hub/core/channels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::hub::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Notice = Channels::Notice;

constexpr PeerId ann{1}, bob{2}, eve{3};

class ChannelsTest : public ::testing::Test {
protected:
    ChannelId open(PeerId caller, PeerId callee) { return channels.open({caller, callee, "math", {}}); }

    Channels channels;
};

TEST_F(ChannelsTest, EachHasANumberOfItsOwnThatIsNeverGivenAgain)
{
    const ChannelId first = open(ann, bob);
    channels.gone(ann);
    EXPECT_NE(open(ann, bob), first);
    EXPECT_EQ(channels.find(first), nullptr);
}

TEST_F(ChannelsTest, AnEndOfOneIsToldToWhoHasTheOtherEnds)
{
    const ChannelId first = open(ann, bob), second = open(eve, ann);
    open(bob, eve);
    EXPECT_EQ(channels.of(ann), 2U);
    EXPECT_THAT(channels.gone(ann), ElementsAre(Notice{first, bob}, Notice{second, eve}));
    EXPECT_EQ(channels.size(), 1U);
    EXPECT_EQ(channels.of(ann), 0U);
    EXPECT_THAT(channels.gone(ann), IsEmpty());
}

TEST_F(ChannelsTest, AChannelToOneselfEndsWithoutWord)
{
    open(ann, ann);
    EXPECT_THAT(channels.gone(ann), IsEmpty());
    EXPECT_EQ(channels.size(), 0U);
}

TEST_F(ChannelsTest, OnlyThoseWhoHaveAnEndMayReport)
{
    const ChannelId id = open(ann, bob);
    EXPECT_TRUE(channels.report(id, ann, {.calls = 3}));
    EXPECT_TRUE(channels.report(id, bob, {.bytes_sent = 9}));
    EXPECT_FALSE(channels.report(id, eve, {.calls = 99}));
    EXPECT_FALSE(channels.report(ChannelId{77}, ann, {.calls = 99}));
    EXPECT_EQ(channels.find(id)->of_caller.calls, 3U);
    EXPECT_EQ(channels.find(id)->of_callee.bytes_sent, 9U);
}

TEST_F(ChannelsTest, EitherEndEndsItAndWhatIsStillSaidOfItIsNoFault)
{
    const ChannelId first = open(ann, bob), second = open(ann, bob), loop = open(ann, ann);
    EXPECT_EQ(channels.end(first, ann), bob);
    EXPECT_EQ(channels.end(second, bob), ann);
    EXPECT_EQ(channels.end(loop, ann), ann);
    EXPECT_EQ(channels.of(ann), 0U);
    EXPECT_TRUE(channels.report(first, bob, {.calls = 3})) << "it had not heard yet";
    EXPECT_EQ(channels.end(first, bob), std::nullopt);
    EXPECT_FALSE(channels.report(ChannelId{0}, ann, {})) << "there never was one";
}

TEST_F(ChannelsTest, CallsAreCountedOnceFromTheCallersTotalsAndStayCounted)
{
    const ChannelId id = open(ann, bob);

    struct Row {
        PeerId teller;
        std::uint64_t calls, total;
    };

    for (const auto& [teller, calls, total] :
         {Row{ann, 3, 3}, Row{ann, 3, 3}, Row{bob, 50, 3}, Row{ann, 10, 10}, Row{ann, 4, 10}}) {
        channels.report(id, teller, {.calls = calls});
        EXPECT_EQ(channels.calls_total(), total) << calls;
    }
    channels.gone(bob);
    EXPECT_EQ(channels.calls_total(), 10U);
}

} // namespace
} // namespace pandora::hub::core
