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

    bool report(ChannelId id, PeerId teller, const ChannelReport& totals)
    {
        return channels.report(id, teller, [&](ChannelReport& told) { told = totals; });
    }

    Channels channels;
};

TEST_F(ChannelsTest, EachHasANumberOfItsOwnThatIsNeverGivenAgain)
{
    const ChannelId first = open(ann, bob);
    channels.gone(ann);
    EXPECT_NE(open(ann, bob), first);
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

TEST_F(ChannelsTest, OnlyThoseWhoHaveAnEndMayReport)
{
    const ChannelId id = open(ann, bob);
    EXPECT_TRUE(report(id, ann, {.calls = 3}));
    EXPECT_TRUE(report(id, bob, {.bytes_sent = 9}));
    EXPECT_FALSE(report(id, eve, {.calls = 99}));
    EXPECT_FALSE(report(ChannelId{77}, ann, {.calls = 99}));
    channels.report(id, ann, [](const ChannelReport& told) { EXPECT_EQ(told, (ChannelReport{.calls = 3})); });
    channels.report(id, bob, [](const ChannelReport& told) { EXPECT_EQ(told, (ChannelReport{.bytes_sent = 9})); });
}

TEST_F(ChannelsTest, EitherEndEndsItAndWhatIsStillSaidOfItIsNoFault)
{
    const ChannelId first = open(ann, bob), second = open(ann, bob);
    EXPECT_EQ(channels.end(first, ann), bob);
    EXPECT_EQ(channels.end(second, bob), ann);
    EXPECT_EQ(channels.of(ann), 0U);
    EXPECT_TRUE(report(first, bob, {.calls = 3})) << "it had not heard yet";
    EXPECT_EQ(channels.end(first, bob), std::nullopt);
    EXPECT_FALSE(report(ChannelId{0}, ann, {})) << "there never was one";
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
        report(id, teller, {.calls = calls});
        EXPECT_EQ(channels.calls_total(), total) << calls;
    }
    channels.gone(bob);
    EXPECT_EQ(channels.calls_total(), 10U);
}

} // namespace
} // namespace pandora::hub::core
