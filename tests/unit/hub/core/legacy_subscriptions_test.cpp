#include "hub/core/legacy_subscriptions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pandora::hub::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Owed = LegacySubscriptions::Owed;
using Renewal = LegacySubscriptions::Renewal;

constexpr PeerId anna{1}, bert{2}, clock_one{11}, clock_two{12};
const LegacyTopic tick{"clock", "", "tick"}, tock{"clock", "", "tock"}, swiss{"clock", "ch", "tick"};

LegacyTopicView view(const LegacyTopic& topic) { return {topic.object, topic.tag, topic.event}; }

class LegacySubscriptionsTest : public ::testing::Test {
protected:
    bool subscribe(PeerId consumer, PeerId provider, const LegacyTopic& topic)
    {
        return table.subscribed(consumer, provider, view(topic));
    }

    bool unsubscribe(PeerId consumer, std::optional<PeerId> provider, const LegacyTopic& topic)
    {
        return table.unsubscribed(consumer, provider, view(topic));
    }

    std::vector<std::string_view> events(std::string_view object)
    {
        std::vector<std::string_view> found;
        table.events_of(object, found);
        return found;
    }

    LegacySubscriptions table{wire::Limits{}};
};

TEST_F(LegacySubscriptionsTest, AConsumerThatGoesOwesEachProviderWhatItCounts)
{
    subscribe(anna, clock_one, tick);
    subscribe(anna, clock_one, tick);
    subscribe(anna, clock_two, tick);
    subscribe(anna, clock_two, tock);
    subscribe(bert, clock_one, tick);
    EXPECT_THAT(table.consumer_gone(anna),
                ElementsAre(Owed{clock_one, tick, 2}, Owed{clock_two, tick, 1}, Owed{clock_two, tock, 1}));
    EXPECT_THAT(table.consumer_gone(anna), IsEmpty());
    EXPECT_EQ(table.bytes(anna), 0U);
    EXPECT_TRUE(table.is_bound(bert, clock_one, view(tick)));
    EXPECT_THAT(events("clock"), ElementsAre("tick"));
}

TEST_F(LegacySubscriptionsTest, WhatWasUnsubscribedIsNotOwed)
{
    subscribe(anna, clock_one, tick);
    subscribe(anna, clock_one, tick);
    subscribe(anna, clock_one, tock);
    EXPECT_TRUE(unsubscribe(anna, clock_one, tick));
    EXPECT_TRUE(unsubscribe(anna, clock_one, tock));
    EXPECT_FALSE(unsubscribe(anna, clock_one, tock)) << "nothing is left of it";
    EXPECT_FALSE(unsubscribe(bert, clock_one, tick)) << "never was there";
    EXPECT_THAT(table.consumer_gone(anna), ElementsAre(Owed{clock_one, tick, 1}));
}

TEST_F(LegacySubscriptionsTest, AnUnsubscribeBelongsWhereItIsCounted)
{
    EXPECT_EQ(table.provider_of(anna, view(tick)), std::nullopt);
    subscribe(anna, clock_two, tick);
    EXPECT_EQ(table.provider_of(anna, view(tick)), clock_two);
    EXPECT_EQ(table.provider_of(bert, view(tick)), std::nullopt);
    EXPECT_FALSE(unsubscribe(anna, clock_one, tick)) << "that one counts nothing of hers";
    EXPECT_TRUE(table.is_bound(anna, clock_two, view(tick)));
    EXPECT_FALSE(table.is_bound(anna, clock_one, view(tick)));
    table.provider_gone(clock_two);
    EXPECT_EQ(table.provider_of(anna, view(tick)), std::nullopt);
    EXPECT_FALSE(table.is_bound(anna, clock_two, view(tick)));
}

TEST_F(LegacySubscriptionsTest, TheNextProviderIsToldWhatTheLastOneKnew)
{
    subscribe(anna, clock_one, tick);
    subscribe(anna, clock_one, tick);
    subscribe(bert, clock_one, tick);
    subscribe(bert, clock_one, tock);
    table.provider_gone(clock_one);
    EXPECT_THAT(events("clock"), ElementsAre("tick", "tock")) << "remembered";
    EXPECT_THAT(table.provider_came(clock_two, "calendar", ""), IsEmpty());
    EXPECT_THAT(table.provider_came(clock_two, "clock", ""), ElementsAre(Renewal{tick, 3}, Renewal{tock, 1}));
    EXPECT_THAT(table.provider_came(clock_one, "clock", ""), IsEmpty()) << "bound already";
    EXPECT_THAT(table.consumer_gone(anna), ElementsAre(Owed{clock_two, tick, 2}));
}

TEST_F(LegacySubscriptionsTest, WhoGoesWhileItsProviderIsAwayOwesNothing)
{
    subscribe(anna, clock_one, tick);
    subscribe(bert, clock_one, tick);
    table.provider_gone(clock_one);
    EXPECT_THAT(table.consumer_gone(anna), IsEmpty());
    EXPECT_TRUE(unsubscribe(bert, std::nullopt, tick));
    EXPECT_THAT(table.provider_came(clock_one, "clock", ""), IsEmpty());
    EXPECT_THAT(events("clock"), IsEmpty());
}

TEST_F(LegacySubscriptionsTest, AnUnsubscribeThatReachesAProviderWithoutItTakesAnOrphan)
{
    subscribe(anna, clock_one, tick);
    table.provider_gone(clock_one);
    EXPECT_TRUE(unsubscribe(anna, clock_two, tick));
    EXPECT_THAT(table.provider_came(clock_one, "clock", ""), IsEmpty());
}

TEST_F(LegacySubscriptionsTest, OrphansOfSeveralProvidersBecomeOne)
{
    subscribe(anna, clock_one, tick);
    subscribe(anna, clock_two, tick);
    subscribe(anna, clock_two, tick);
    table.provider_gone(clock_one);
    table.provider_gone(clock_two);
    subscribe(anna, clock_one, tick); // it is there again, and heard this itself
    EXPECT_THAT(table.provider_came(clock_one, "clock", ""), ElementsAre(Renewal{tick, 3}));
    EXPECT_THAT(table.consumer_gone(anna), ElementsAre(Owed{clock_one, tick, 4}));
}

TEST_F(LegacySubscriptionsTest, AProviderWithoutATagServesAllTagsAndOneWithATagThatOne)
{
    struct Row {
        const char* provided;
        std::vector<Renewal> want;
    };

    for (const auto& [provided, want] : {
             Row{"", {{tick, 1}, {swiss, 1}}},
             Row{"ch", {{swiss, 1}}},
             Row{"uk", {}},
         }) {
        LegacySubscriptions fresh{wire::Limits{}};
        fresh.subscribed(anna, clock_one, view(tick));
        fresh.subscribed(anna, clock_one, view(swiss));
        fresh.provider_gone(clock_one);
        EXPECT_EQ(fresh.provider_came(clock_two, "clock", provided), want) << provided;
    }
}

TEST_F(LegacySubscriptionsTest, TheEventsOfAnObjectAreThoseOfAllItsTags)
{
    subscribe(anna, clock_one, tock);
    subscribe(bert, clock_one, tick);
    subscribe(anna, clock_one, swiss);
    subscribe(anna, clock_one, {"bell", "", "ring"});
    EXPECT_THAT(events("clock"), ElementsAre("tick", "tick", "tock"));
    EXPECT_THAT(events("bell"), ElementsAre("ring"));
    EXPECT_THAT(events("cloc"), IsEmpty());
}

TEST_F(LegacySubscriptionsTest, OneThatSubscribesAtItselfLeavesNothing)
{
    subscribe(anna, anna, tick);
    table.provider_gone(anna);
    EXPECT_THAT(table.consumer_gone(anna), IsEmpty());
    EXPECT_THAT(events("clock"), IsEmpty());
    EXPECT_THAT(table.provider_came(anna, "clock", ""), IsEmpty()) << "the number is another's now";
}

TEST_F(LegacySubscriptionsTest, SoMuchOfAConsumerIsRememberedAndNoMore)
{
    wire::Limits limits;
    limits.subscriptions_max = 3;
    limits.selector_bytes_max = 20;
    LegacySubscriptions small{limits};
    EXPECT_FALSE(small.subscribed(anna, clock_one, {"clock", "", std::string(16, 'x')})) << "too long";
    EXPECT_EQ(small.bytes(anna), 0U);
    EXPECT_TRUE(small.subscribed(anna, clock_one, view(tick)));
    EXPECT_TRUE(small.subscribed(anna, clock_one, view(tick)));
    EXPECT_TRUE(small.subscribed(anna, clock_one, view(tock)));
    EXPECT_FALSE(small.subscribed(anna, clock_one, view(tock))) << "repeated ones count";
    EXPECT_TRUE(small.subscribed(bert, clock_one, view(tick))) << "each its own";
    EXPECT_TRUE(small.unsubscribed(anna, clock_one, view(tick)));
    EXPECT_TRUE(small.subscribed(anna, clock_one, view(tock)));
    EXPECT_THAT(small.consumer_gone(anna), ElementsAre(Owed{clock_one, tick, 1}, Owed{clock_one, tock, 2}));
    EXPECT_TRUE(small.subscribed(anna, clock_one, view(tick))) << "a new one begins anew";
}

TEST_F(LegacySubscriptionsTest, AConsumerIsChargedForEachTopicOnce)
{
    subscribe(anna, clock_one, tick);
    const std::size_t one = table.bytes(anna);
    EXPECT_GT(one, tick.object.size() + tick.event.size());
    subscribe(anna, clock_two, tick);
    EXPECT_EQ(table.bytes(anna), one);
    subscribe(anna, clock_two, tock);
    EXPECT_EQ(table.bytes(anna), 2 * one);
    table.provider_gone(clock_two);
    EXPECT_EQ(table.bytes(anna), 2 * one);
    unsubscribe(anna, clock_two, tock);
    EXPECT_EQ(table.bytes(anna), one);
    EXPECT_EQ(table.bytes(PeerId{99}), 0U);
}

} // namespace
} // namespace pandora::hub::core
