#include "hub/core/topics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace pandora::hub::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Subscribed = Topics::Subscribed;

constexpr PeerId anna{1}, bert{2}, carl{3};

EventPtr event(std::string name, std::string body)
{
    return std::make_shared<const Event>(Event{.object = "o", .name = std::move(name), .body = std::move(body)});
}

class TopicsTest : public ::testing::Test {
protected:
    Subscribed subscribe(PeerId peer, const std::string& filter, Overflow overflow = Overflow::drop_new,
                         std::uint32_t queue_max = 0)
    {
        return topics.subscribe(
            {.peer = peer, .filter = {"o", filter}, .overflow = overflow, .queue_max = queue_max, .dst = 5});
    }

    std::vector<SubscriptionId> ids(std::string_view name, std::string_view object = "o")
    {
        std::vector<SubscriptionId> matched{SubscriptionId{77}}; // which is to go
        topics.match(object, name, matched);
        return matched;
    }

    /// Who gets the event, and by which filter: "1:name*".
    std::vector<std::string> matched(std::string_view name, std::string_view object = "o")
    {
        std::vector<std::string> out;
        for (const SubscriptionId id : ids(name, object))
            out.push_back(std::to_string(index_of(topics[id].peer)) + ':' + topics[id].filter.event);
        return out;
    }

    Topics topics{wire::Limits{}};
};

TEST_F(TopicsTest, AnEventReachesThoseWhoHaveSubscribedToItInTheOrderInWhichTheyDid)
{
    subscribe(carl, "x");
    subscribe(anna, "x");
    subscribe(bert, "y");
    EXPECT_THAT(matched("x"), ElementsAre("3:x", "1:x"));
    EXPECT_THAT(matched("y"), ElementsAre("2:y"));
    EXPECT_THAT(matched("z"), IsEmpty());
    EXPECT_THAT(matched("x", "another"), IsEmpty());
}

TEST_F(TopicsTest, FiltersAreExactPrefixesOrForAll)
{
    struct Row {
        const char* filter;
        const char* name;
        bool matches;
    };

    for (const auto& [filter, name, matches] : {
             Row{"x", "x", true},
             Row{"x", "xx", false},
             Row{"x", "", false},
             Row{"x*", "x", true},
             Row{"x*", "xyz", true},
             Row{"x*", "y", false},
             Row{"x*", "", false},
             Row{"", "x", true},
             Row{"", "", true},
             Row{"*", "x", true},
             Row{"*", "", true},
             Row{"x**", "x*y", true},
             Row{"x**", "xy", false},
             Row{"x*y", "x*y", true},
             Row{"x*y", "xzy", false},
         }) {
        Topics one{wire::Limits{}};
        one.subscribe({.peer = anna, .filter = {"o", filter}});
        std::vector<SubscriptionId> found;
        one.match("o", name, found);
        EXPECT_EQ(found.size(), matches ? 1U : 0U) << filter << " and " << name;
    }
}

TEST_F(TopicsTest, APeerGetsAnEventOnceByItsMostSpecificSubscription)
{
    subscribe(anna, "");
    subscribe(bert, "temp.*");
    subscribe(anna, "temp.in");
    subscribe(anna, "temp.*");
    subscribe(bert, "t*");
    subscribe(carl, "temp.in");
    EXPECT_THAT(matched("temp.in"), ElementsAre("2:temp.*", "1:temp.in", "3:temp.in"));
    EXPECT_THAT(matched("temp.out"), ElementsAre("2:temp.*", "1:temp.*"));
    EXPECT_THAT(matched("time"), ElementsAre("1:", "2:t*"));
}

TEST_F(TopicsTest, SubscribingAgainReplacesTheTermsAndNothingElse)
{
    EXPECT_EQ(subscribe(anna, "x", Overflow::drop_old, 3), Subscribed::added);
    EXPECT_EQ(subscribe(bert, "x"), Subscribed::added);
    const auto before = ids("x");
    topics.keep(before[0], event("x", "waits"));
    EXPECT_EQ(subscribe(anna, "x", Overflow::disconnect, 7), Subscribed::replaced);
    EXPECT_EQ(ids("x"), before);
    EXPECT_EQ(topics[before[0]].overflow, Overflow::disconnect);
    EXPECT_EQ(topics[before[0]].queue_max, 7U);
    EXPECT_TRUE(topics.has_backlog(anna));
    EXPECT_EQ(topics.subscriptions(), 2U);
}

TEST_F(TopicsTest, AllIsSaidInTwoWays)
{
    EXPECT_EQ(subscribe(anna, ""), Subscribed::added);
    EXPECT_EQ(subscribe(anna, "*"), Subscribed::replaced);
    EXPECT_TRUE(topics.unsubscribe(anna, {"o", "*"}));
    EXPECT_THAT(matched("x"), IsEmpty());
}

TEST_F(TopicsTest, OnePeerMayHaveSoManySubscriptions)
{
    wire::Limits limits;
    limits.subscriptions_max = 2;
    Topics few{limits};
    EXPECT_EQ(few.subscribe({.peer = anna, .filter = {"o", "1"}}), Subscribed::added);
    EXPECT_EQ(few.subscribe({.peer = anna, .filter = {"p", "1"}}), Subscribed::added);
    EXPECT_EQ(few.subscribe({.peer = anna, .filter = {"o", "2"}}), Subscribed::too_many);
    EXPECT_EQ(few.subscribe({.peer = anna, .filter = {"o", "1"}}), Subscribed::replaced);
    EXPECT_EQ(few.subscribe({.peer = bert, .filter = {"o", "2"}}), Subscribed::added);
    EXPECT_TRUE(few.unsubscribe(anna, {"p", "1"}));
    EXPECT_EQ(few.subscribe({.peer = anna, .filter = {"o", "2"}}), Subscribed::added);
}

TEST_F(TopicsTest, AQueueWithoutANumberHoldsTheUsualOne)
{
    subscribe(anna, "x");
    const auto id = ids("x").front();
    EXPECT_EQ(topics[id].queue_max, wire::Limits{}.backlog_events);
    for (std::uint32_t i = 0; i < wire::Limits{}.backlog_events; ++i)
        ASSERT_EQ(topics.keep(id, event("x", "")), std::optional<std::uint64_t>{0});
    EXPECT_EQ(topics.keep(id, event("x", "")), std::optional<std::uint64_t>{1});
}

TEST_F(TopicsTest, ASubscriptionThatIsRemovedTakesItsBacklogWithIt)
{
    subscribe(anna, "x");
    subscribe(anna, "y");
    topics.keep(ids("x").front(), event("x", "1"));
    topics.keep(ids("y").front(), event("y", "2"));
    EXPECT_TRUE(topics.unsubscribe(anna, {"o", "x"}));
    EXPECT_FALSE(topics.unsubscribe(anna, {"o", "x"}));
    EXPECT_FALSE(topics.unsubscribe(PeerId{99}, {"o", "x"}));
    EXPECT_EQ(topics.next_of(anna)->event->body, "2");
    EXPECT_EQ(topics.backlog_bytes(anna), event("y", "2")->bytes());
    EXPECT_THAT(matched("x"), IsEmpty());
}

TEST_F(TopicsTest, WhoGoesLeavesNothing)
{
    subscribe(anna, "x");
    subscribe(anna, "y*");
    subscribe(anna, "");
    subscribe(bert, "x", Overflow::drop_new, 1);
    for (const SubscriptionId id : ids("x")) topics.keep(id, event("x", "1"));
    topics.retain(anna, event("x", "1"));
    topics.forget(anna);
    EXPECT_THAT(matched("x"), ElementsAre("2:x"));
    EXPECT_FALSE(topics.has_backlog(anna));
    EXPECT_TRUE(topics.has_backlog(bert));
    EXPECT_EQ(topics.subscription_bytes(anna) + topics.backlog_bytes(anna) + topics.retained_bytes(anna), 0U);
    std::vector<EventPtr> retained;
    topics.retained({"o", ""}, retained);
    EXPECT_THAT(retained, IsEmpty());
    EXPECT_TRUE(topics.any("o"));
    topics.forget(bert);
    topics.forget(PeerId{99});
    EXPECT_FALSE(topics.any("o"));
    EXPECT_EQ(topics.subscriptions(), 0U);
}

TEST_F(TopicsTest, LossesAfterWhichNothingWaitsAreToldBeforeTheNextEventThatGetsThrough)
{
    subscribe(anna, "x", Overflow::drop_new, 1);
    const auto id = ids("x").front();
    EXPECT_EQ(topics.take_lost(id), 0U);
    topics.keep(id, event("x", "1"));
    topics.keep(id, event("x", "2"));
    topics.keep(id, event("x", "3"));
    EXPECT_EQ(topics.next_of(anna)->lost, 0U) << "nothing is missing before it";
    topics.pop(anna);
    EXPECT_FALSE(topics.has_backlog(anna));
    EXPECT_EQ(topics.take_lost(id), 2U);
    EXPECT_EQ(topics.take_lost(id), 0U);
}

TEST_F(TopicsTest, AValueThatChangedItsTermsDoesNotReorderWhatWaits)
{
    subscribe(anna, "x", Overflow::last_value);
    const auto id = ids("x").front();
    topics.keep(id, event("x", "1"));
    subscribe(anna, "x", Overflow::drop_old);
    topics.keep(id, event("x", "2"));
    subscribe(anna, "x", Overflow::last_value);
    EXPECT_EQ(topics.keep(id, event("x", "3")), std::optional<std::uint64_t>{0});
    EXPECT_EQ(topics.next_of(anna)->event->body, "1");
}

TEST_F(TopicsTest, TheSubscriptionsToSingleEventsOfAnObjectAreToldApart)
{
    subscribe(anna, "x");
    subscribe(bert, "y");
    subscribe(bert, "x*");
    subscribe(carl, "");
    topics.subscribe({.peer = carl, .filter = {"another", "x"}});
    std::vector<SubscriptionId> exact;
    topics.exact_of("o", exact);
    EXPECT_THAT(exact, UnorderedElementsAre(ids("x").front(), ids("y").front()));
    EXPECT_EQ(topics.subscriptions_of(bert), 2U);
    EXPECT_EQ(topics.subscriptions_of(PeerId{99}), 0U);
}

/// How specific a filter is for a name; 0: it is for others.
std::size_t rank(const std::string& filter, const std::string& name)
{
    if (filter == name) return std::numeric_limits<std::size_t>::max();
    if (filter.back() != '*') return 0;
    return name.starts_with(filter.substr(0, filter.size() - 1)) ? filter.size() : 0;
}

/// Random subscriptions with many common prefixes, against a look at each of them.
TEST_F(TopicsTest, MatchAsANaiveModelDoes)
{
    struct Made {
        PeerId peer;
        std::string filter;
    };

    for (const unsigned seed : {1U, 2U, 3U}) {
        std::mt19937 random{seed};
        const auto name = [&] {
            std::string text;
            for (auto length = random() % 5; length > 0; --length) text += static_cast<char>('a' + random() % 3);
            return text;
        };
        Topics many{wire::Limits{}};
        std::vector<Made> model; // in the order of being made
        for (int step = 0; step < 2'000; ++step) {
            const Made one{PeerId{static_cast<std::uint32_t>(random() % 6)}, name() + (random() % 2 ? "x" : "*")};
            const auto present = std::ranges::find_if(
                model, [&](const Made& made) { return made.peer == one.peer && (made.filter == one.filter); });
            if (random() % 3 == 0) {
                ASSERT_EQ(many.unsubscribe(one.peer, {"o", one.filter}), present != model.end());
                if (present != model.end()) model.erase(present);
            } else {
                const auto want = present == model.end() ? Subscribed::added : Subscribed::replaced;
                ASSERT_EQ(many.subscribe({.peer = one.peer, .filter = {"o", one.filter}}), want);
                if (want == Subscribed::added) model.push_back(one);
            }

            const std::string asked = name() + (random() % 2 ? "x" : "");
            std::vector<const Made*> candidates, want;
            for (const Made& made : model)
                if (rank(made.filter, asked) > 0) candidates.push_back(&made);
            for (const Made* made : candidates)
                if (std::ranges::none_of(candidates, [&](const Made* other) {
                        return other->peer == made->peer && rank(other->filter, asked) > rank(made->filter, asked);
                    }))
                    want.push_back(made);
            std::vector<SubscriptionId> found;
            many.match("o", asked, found);
            ASSERT_EQ(found.size(), want.size()) << "seed " << seed << ", step " << step << ": " << asked;
            for (std::size_t i = 0; i < found.size(); ++i) {
                const std::string filter = want[i]->filter == "*" ? "" : want[i]->filter;
                ASSERT_EQ(many[found[i]].peer, want[i]->peer) << "seed " << seed << ", step " << step;
                ASSERT_EQ(many[found[i]].filter.event, filter) << "seed " << seed << ", step " << step;
            }
        }
    }
}

} // namespace
} // namespace pandora::hub::core
