#include "hub/core/backlog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace pandora::hub::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
/// What keep() answers.
using Untold = std::optional<std::uint64_t>;

constexpr PeerId reader{3}, other{7};
constexpr SubscriptionId first{0}, second{1};
constexpr std::size_t plenty = 1 << 20;

EventPtr event(std::string name, std::string body)
{
    return std::make_shared<const Event>(Event{.object = "o", .name = std::move(name), .body = std::move(body)});
}

Subscription terms(Overflow overflow, std::uint32_t queue_max, PeerId peer = reader)
{
    return {.peer = peer, .filter = {"o", ""}, .overflow = overflow, .queue_max = queue_max};
}

/// What the peer gets, and what it is told to have lost before that: "a", or "2 lost, a".
std::vector<std::string> taken(Backlog& backlog, PeerId peer = reader)
{
    std::vector<std::string> got;
    while (const auto due = backlog.next_of(peer)) {
        got.push_back((due->lost > 0 ? std::to_string(due->lost) + " lost, " : "") + due->event->body);
        backlog.pop(peer);
    }
    return got;
}

TEST(Backlog, GivesBackWhatItKeepsInTheOrderOfArrivalOverAllSubscriptionsOfAPeer)
{
    Backlog backlog{plenty};
    EXPECT_TRUE(backlog.empty(reader));
    const auto want = terms(Overflow::drop_new, 10);
    EXPECT_EQ(backlog.keep(second, want, event("x", "a")), Untold{0});
    EXPECT_EQ(backlog.keep(first, want, event("x", "b")), Untold{0});
    EXPECT_EQ(backlog.keep(second, want, event("x", "c")), Untold{0});
    EXPECT_FALSE(backlog.empty(reader));
    EXPECT_TRUE(backlog.empty(other));
    EXPECT_EQ(backlog.next_of(reader)->subscription, second);
    EXPECT_THAT(taken(backlog), ElementsAre("a", "b", "c"));
    EXPECT_TRUE(backlog.empty(reader));
    EXPECT_EQ(backlog.bytes(reader) + backlog.events(reader), 0U);
}

/// Eight events a to h of the names x and y in turn, into a queue of three; then the queue is read, and i comes.
TEST(Backlog, EachPolicyGivesUpItsOwnAndTheGapIsToldWhereItIs)
{
    struct Row {
        Overflow overflow;
        std::vector<std::string> waiting;
        std::uint64_t lost_after;
        std::vector<std::string> later;
    };

    const Row rows[] = {
        {Overflow::drop_new, {"a", "b", "c"}, 5, {"5 lost, i"}},
        {Overflow::drop_old, {"5 lost, f", "g", "h"}, 0, {"i"}},
        {Overflow::last_value, {"g", "h"}, 0, {"i"}},
    };
    for (const bool read_first : {true, false})
        for (const Row& row : rows) {
            Backlog backlog{plenty};
            const auto want = terms(row.overflow, 3);
            for (const char letter : std::string{"abcdefgh"})
                backlog.keep(first, want, event((letter - 'a') % 2 ? "y" : "x", {letter}));
            EXPECT_THAT(taken(backlog), row.waiting);
            if (read_first) {
                EXPECT_EQ(backlog.take_lost(first), row.lost_after) << "told before one that has not waited";
                EXPECT_EQ(backlog.take_lost(first), 0U) << "once";
                continue;
            }
            EXPECT_EQ(backlog.keep(first, want, event("x", "i")), Untold{0});
            EXPECT_THAT(taken(backlog), row.later) << "told before the next one that waits";
            EXPECT_EQ(backlog.take_lost(first), 0U);
        }
}

TEST(Backlog, SaysWhatBecameOfEachEvent)
{
    struct Row {
        Overflow overflow;
        Untold third, same_name;
    };

    for (const auto& [overflow, third, same_name] : {
             Row{Overflow::drop_new, Untold{1}, Untold{1}},
             Row{Overflow::drop_old, Untold{1}, Untold{1}},
             Row{Overflow::last_value, Untold{1}, Untold{1}},
             Row{Overflow::disconnect, std::nullopt, std::nullopt},
         }) {
        Backlog backlog{plenty};
        const auto want = terms(overflow, 2);
        EXPECT_EQ(backlog.keep(first, want, event("x", "1")), Untold{0});
        EXPECT_EQ(backlog.keep(first, want, event("y", "2")), Untold{0});
        EXPECT_EQ(backlog.keep(first, want, event("z", "3")), third);
        EXPECT_EQ(backlog.keep(first, want, event("y", "4")), same_name);
    }
}

TEST(Backlog, ALastValueTakesThePlaceOfTheOneBeforeAndIsNoLoss)
{
    Backlog backlog{plenty};
    const auto want = terms(Overflow::last_value, 10);
    backlog.keep(first, want, event("busy", "1"));
    backlog.keep(first, want, event("calm", "a"));
    backlog.keep(second, want, event("busy", "other"));
    EXPECT_EQ(backlog.keep(first, want, event("busy", "2")), Untold{1});
    EXPECT_EQ(backlog.keep(first, want, event("busy", "3")), Untold{1});
    EXPECT_THAT(taken(backlog), ElementsAre("3", "a", "other"));
    EXPECT_EQ(backlog.keep(first, want, event("busy", "4")), Untold{0}) << "none waits any more";
    EXPECT_THAT(taken(backlog), ElementsAre("4"));
}

TEST(Backlog, OfTooManyNamesTheOneThatWaitedLongestIsLost)
{
    Backlog backlog{plenty};
    const auto want = terms(Overflow::last_value, 2);
    backlog.keep(first, want, event("x", "1"));
    backlog.keep(first, want, event("y", "2"));
    EXPECT_EQ(backlog.keep(first, want, event("z", "3")), Untold{1});
    EXPECT_EQ(backlog.keep(first, want, event("x", "4")), Untold{1}) << "x waits no more";
    EXPECT_THAT(taken(backlog), ElementsAre("2 lost, 3", "4"));
}

TEST(Backlog, ALossOfOneSubscriptionIsNotToldToAnother)
{
    Backlog backlog{plenty};
    const auto want = terms(Overflow::drop_old, 1);
    for (const char* body : {"1", "2", "3"}) backlog.keep(first, want, event("x", body));
    backlog.keep(second, want, event("x", "a"));
    EXPECT_THAT(taken(backlog), ElementsAre("2 lost, 3", "a"));
}

TEST(Backlog, HoldsNoMoreBytesOfAPeerThanAllowedButAnyOneEvent)
{
    const std::size_t one = event("x", "1")->bytes();
    const auto huge = [&] { return event("x", std::string(10 * one, '.')); };

    struct Row {
        Overflow overflow;
        Untold small, big;
        std::vector<std::string> waiting;
    };

    const std::string dots(10 * one, '.');
    const Row rows[] = {
        {Overflow::drop_new, Untold{1}, Untold{1}, {"a", "1", "2"}},
        {Overflow::disconnect, std::nullopt, std::nullopt, {"a", "1", "2"}},
        {Overflow::drop_old, Untold{1}, Untold{3}, {"a"}},
        {Overflow::last_value, Untold{1}, Untold{3}, {"a"}},
    };
    for (const Row& row : rows) {
        Backlog backlog{3 * one};
        const auto want = terms(row.overflow, 100);
        EXPECT_EQ(backlog.keep(first, want, huge()), Untold{0}) << "nothing else waits";
        EXPECT_THAT(taken(backlog), ElementsAre(dots));

        backlog.keep(second, terms(Overflow::drop_new, 100), event("x", "a"));
        backlog.keep(first, want, event("x", "1"));
        backlog.keep(first, want, event("y", "2"));
        EXPECT_EQ(backlog.bytes(reader), 3 * one);
        EXPECT_EQ(backlog.keep(first, want, event("x", "3")), row.small);
        EXPECT_EQ(backlog.keep(first, want, huge()), row.big) << "what others wait for does not make room";
        EXPECT_LE(backlog.bytes(reader), 3 * one);
        EXPECT_EQ(backlog.keep(first, terms(row.overflow, 100, other), event("x", "b")), Untold{0}) << "each its own";
        backlog.drop(first);
    }
}

TEST(Backlog, ALastValueThatHasGrownTooLargeForItsPlaceWaitsAtTheEnd)
{
    const std::size_t one = event("x", "1")->bytes();
    Backlog backlog{3 * one};
    const auto want = terms(Overflow::last_value, 100);
    for (const char* name : {"x", "y", "z"}) backlog.keep(first, want, event(name, name));
    const std::string larger(one, '.');
    EXPECT_EQ(backlog.keep(first, want, event("x", larger)), Untold{2})
        << "the one before, and the oldest of the others";
    EXPECT_THAT(taken(backlog), ElementsAre("1 lost, z", larger));
}

TEST(Backlog, ASubscriptionThatIsRemovedTakesWhatWaitsAndItsLossesWithIt)
{
    Backlog backlog{plenty};
    const auto want = terms(Overflow::drop_new, 2);
    for (const char* body : {"1", "2", "3"}) backlog.keep(first, want, event("x", body));
    backlog.keep(second, want, event("x", "a"));
    backlog.drop(first);
    EXPECT_THAT(taken(backlog), ElementsAre("a"));
    EXPECT_EQ(backlog.take_lost(first), 0U) << "the number may be another's now";
    EXPECT_EQ(backlog.bytes(reader) + backlog.events(reader), 0U);
    backlog.drop(SubscriptionId{99});
    EXPECT_EQ(backlog.take_lost(SubscriptionId{99}), 0U);
}

TEST(Backlog, WhatWaitsWhenTheTermsChangeIsNotReplaced)
{
    Backlog backlog{plenty};
    const auto last_value = terms(Overflow::last_value, 10), drop_new = terms(Overflow::drop_new, 10);
    backlog.keep(first, last_value, event("x", "1"));
    backlog.freeze(first);
    backlog.keep(first, drop_new, event("x", "2"));
    backlog.freeze(first);
    EXPECT_EQ(backlog.keep(first, last_value, event("x", "3")), Untold{0});
    EXPECT_EQ(backlog.keep(first, last_value, event("x", "4")), Untold{1});
    EXPECT_THAT(taken(backlog), ElementsAre("1", "2", "4"));
}

TEST(Backlog, AShorterQueueHoldsFromTheNextEventOn)
{
    Backlog backlog{plenty};
    for (const char* body : {"1", "2", "3", "4"}) backlog.keep(first, terms(Overflow::drop_old, 4), event("x", body));
    EXPECT_EQ(backlog.keep(first, terms(Overflow::drop_old, 2), event("x", "5")), Untold{3});
    EXPECT_THAT(taken(backlog), ElementsAre("3 lost, 4", "5"));
}

/// A queue of events with a name, as simply as it can be written.
struct Model {
    struct Waiting {
        SubscriptionId id;
        std::uint64_t lost;
        EventPtr event;
    };

    std::deque<Waiting> queue;
    std::map<SubscriptionId, std::uint64_t> lost;

    void erase(std::size_t at, std::uint64_t more)
    {
        const Waiting gone = queue[at];
        queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(at));
        for (std::size_t i = at; i < queue.size(); ++i)
            if (queue[i].id == gone.id) {
                queue[i].lost += gone.lost + more;
                return;
            }
        lost[gone.id] += gone.lost + more;
    }

    void keep(SubscriptionId id, const Subscription& want, const EventPtr& event)
    {
        std::vector<std::size_t> own;
        for (std::size_t i = 0; i < queue.size(); ++i) {
            if (queue[i].id != id) continue;
            if (want.overflow == Overflow::last_value && queue[i].event->name == event->name) {
                queue[i].event = event;
                return;
            }
            own.push_back(i);
        }
        if (own.size() >= want.queue_max) {
            if (want.overflow == Overflow::disconnect) return;
            if (want.overflow == Overflow::drop_new) {
                ++lost[id];
                return;
            }
            erase(own.front(), 1);
        }
        queue.push_back({id, std::exchange(lost[id], 0), event});
    }
};

TEST(Backlog, AgreesWithANaiveModel)
{
    for (const unsigned seed : {1U, 2U, 3U}) {
        std::mt19937 random{seed};
        Backlog backlog{plenty};
        Model model;
        for (int step = 0; step < 20'000; ++step) {
            const auto id = SubscriptionId{static_cast<std::uint32_t>(random() % 4)}; // one of each policy
            const auto want = terms(static_cast<Overflow>(id), 3 + static_cast<std::uint32_t>(id));
            const auto next = event(std::string(1 + random() % 6, 'n'), std::to_string(step));
            switch (random() % 16) {
            case 0:
                backlog.drop(id);
                std::erase_if(model.queue, [&](const auto& waiting) { return waiting.id == id; });
                model.lost[id] = 0;
                break;
            case 1: ASSERT_EQ(backlog.take_lost(id), std::exchange(model.lost[id], 0)) << seed << '/' << step; break;
            case 2:
            case 3:
            case 4:
            case 5:
            case 6:
                if (model.queue.empty()) break;
                backlog.pop(reader);
                model.queue.pop_front();
                break;
            default: backlog.keep(id, want, next); model.keep(id, want, next);
            }
            const auto due = backlog.next_of(reader);
            ASSERT_EQ(due.has_value(), !model.queue.empty()) << seed << '/' << step;
            if (!due) continue;
            ASSERT_EQ(due->subscription, model.queue.front().id) << seed << '/' << step;
            ASSERT_EQ(due->event, model.queue.front().event) << seed << '/' << step;
            ASSERT_EQ(due->lost, model.queue.front().lost) << seed << '/' << step;
        }
    }
}

} // namespace
} // namespace pandora::hub::core
