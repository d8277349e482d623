#include "hub/core/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <map>
#include <random>
#include <string>

namespace pandora::hub::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Selector selector(std::string_view text)
{
    Selector out;
    parse_selector(text, out);
    return out;
}

std::vector<std::uint32_t> reached(RouteTable& table, std::string_view asked)
{
    std::vector<Found> found;
    table.select(selector(asked), found);
    std::vector<std::uint32_t> peers;
    for (const Found& one : found) peers.push_back(static_cast<std::uint32_t>(one.peer));
    return peers;
}

constexpr PeerId a{0}, b{1}, c{2};

TEST(RouteTable, FindsAConnectionOnceInTheOrderOfTheEntries)
{
    RouteTable table;
    table.add(b, Reach::ordinary, R"({"appName":"x"})");
    table.add(a, Reach::ordinary, R"({"appName":"x"})");
    table.add(b, Reach::ordinary, R"({"appName":"x","objectName":"o"})");
    table.add(c, Reach::ordinary, R"({"appName":"y"})");
    EXPECT_THAT(reached(table, R"({"appName":"x"})"), ElementsAre(1, 0));
    EXPECT_THAT(reached(table, "{}"), ElementsAre(1, 0, 2));
    EXPECT_THAT(reached(table, R"({"objectName":"o"})"), ElementsAre(1));
    EXPECT_THAT(reached(table, R"({"appName":"y","objectName":"o"})"), IsEmpty());
    EXPECT_THAT(reached(table, R"({"appName":{}})"), IsEmpty());
}

TEST(RouteTable, AllKeysMustMatchOneAndTheSameSelector)
{
    RouteTable table;
    table.add(a, Reach::ordinary, R"({"objectName":"o"})");
    table.add(a, Reach::ordinary, R"({"pid":"1"})");
    EXPECT_THAT(reached(table, R"({"objectName":"o","pid":"1"})"), IsEmpty());
}

TEST(RouteTable, StoresTheSameTextOnce)
{
    RouteTable table;
    EXPECT_TRUE(table.add(a, Reach::ordinary, R"({"pid":"1"})"));
    EXPECT_FALSE(table.add(a, Reach::ordinary, R"({"pid":"1"})"));
    EXPECT_TRUE(table.add(b, Reach::ordinary, R"({"pid":"1"})"));
    EXPECT_EQ(table.selectors(a).size(), 1U);
}

TEST(RouteTable, RemovesWhatTheAskedSelectorMatchesAndWithTheLastOneTheEntry)
{
    RouteTable table;
    for (const char* text : {R"({"initialization":true})", R"({"pid":"1","objectName":"o"})", R"({"pid":"1"})"})
        table.add(a, Reach::ordinary, text);
    std::vector<RouteTable::Stored> removed;
    table.remove_matching(a, selector(R"({"objectName":"o"})"), removed);
    ASSERT_EQ(removed.size(), 1U);
    EXPECT_EQ(removed[0].text, R"({"pid":"1","objectName":"o"})");
    EXPECT_TRUE(table.has_entry(a));
    table.remove_matching(a, selector("{}"), removed);
    EXPECT_EQ(removed.size(), 3U);
    EXPECT_FALSE(table.has_entry(a));
    EXPECT_THAT(reached(table, "{}"), IsEmpty());
    EXPECT_THAT(reached(table, R"({"pid":"1"})"), IsEmpty());
}

TEST(RouteTable, BuiltinConnectionsAreReachedOnlyByAnObjectsName)
{
    RouteTable table;
    table.add(a, Reach::builtin, R"({"appName":"x","objectName":"pandora.hub"})");
    EXPECT_THAT(reached(table, "{}"), IsEmpty());
    EXPECT_THAT(reached(table, R"({"appName":"x"})"), IsEmpty());
    EXPECT_THAT(reached(table, R"({"objectName":"other"})"), IsEmpty());
    EXPECT_THAT(reached(table, R"({"objectName":"pandora.hub"})"), ElementsAre(0));
    EXPECT_THAT(reached(table, R"({"objectName":"pandora.hub","appName":"x"})"), ElementsAre(0));
}

TEST(RouteTable, NobodyElseIsReachedByTheNameOfABuiltinObject)
{
    RouteTable table;
    table.add(b, Reach::ordinary, R"({"objectName":"pandora.hub"})");
    EXPECT_THAT(reached(table, R"({"objectName":"pandora.hub"})"), ElementsAre(1));
    table.add(a, Reach::builtin, R"({"objectName":"pandora.hub"})");
    table.add(c, Reach::ordinary, R"({"objectName":"pandora.hub"})");
    EXPECT_THAT(reached(table, R"({"objectName":"pandora.hub"})"), ElementsAre(0));
    EXPECT_THAT(reached(table, "{}"), ElementsAre(1, 2));
}

TEST(RouteTable, AFallbackIsReachedByItsObjectsNameWhileNoClientHasOne)
{
    RouteTable table;
    table.add(a, Reach::fallback, R"({"appName":"x","objectName":"config"})");
    EXPECT_THAT(reached(table, R"({"objectName":"config"})"), ElementsAre(0));
    EXPECT_THAT(reached(table, R"({"objectName":"config","appName":"x"})"), ElementsAre(0));
    EXPECT_THAT(reached(table, R"({"objectName":"other"})"), IsEmpty());
    EXPECT_THAT(reached(table, R"({"appName":"x"})"), IsEmpty());
    EXPECT_THAT(reached(table, "{}"), IsEmpty());
}

TEST(RouteTable, AClientTakesTheFallbacksPlaceForAsLongAsItHasTheObject)
{
    RouteTable table;
    table.add(a, Reach::fallback, R"({"appName":"x","objectName":"config"})");
    table.add(b, Reach::ordinary, R"({"appName":"y"})");
    EXPECT_THAT(reached(table, R"({"objectName":"config"})"), ElementsAre(0));
    table.add(b, Reach::ordinary, R"({"appName":"y","objectName":"config"})");
    table.add(c, Reach::ordinary, R"({"objectName":"config","objectTag":"t"})");
    EXPECT_THAT(reached(table, R"({"objectName":"config"})"), ElementsAre(1, 2));
    EXPECT_THAT(reached(table, R"({"objectName":"config","appName":"x"})"), IsEmpty());

    std::vector<RouteTable::Stored> removed;
    table.remove_matching(b, selector(R"({"objectName":"config"})"), removed);
    EXPECT_THAT(reached(table, R"({"objectName":"config"})"), ElementsAre(2));
    table.forget(c, removed);
    EXPECT_THAT(reached(table, R"({"objectName":"config"})"), ElementsAre(0));
}

TEST(RouteTable, ABuiltinObjectIsReachedInsteadOfAFallback)
{
    RouteTable table;
    table.add(a, Reach::fallback, R"({"objectName":"o"})");
    table.add(b, Reach::builtin, R"({"objectName":"o"})");
    EXPECT_THAT(reached(table, R"({"objectName":"o"})"), ElementsAre(1));
}

TEST(RouteTable, SaysHowWellTheTagFits)
{
    RouteTable table;
    table.add(a, Reach::ordinary, R"({"objectName":"o","objectTag":"t"})");
    table.add(b, Reach::ordinary, R"({"objectName":"o"})");
    table.add(c, Reach::ordinary, R"({"objectName":"o","objectTag":"u"})");
    std::vector<Found> found;
    table.select(selector(R"({"objectName":"o","objectTag":"t"})"), found);
    EXPECT_THAT(found, ElementsAre(Found{a, 0}, Found{b, 1}, Found{c, 2}));
    table.select(selector(R"({"objectName":"o"})"), found);
    EXPECT_THAT(found, ElementsAre(Found{a, 2}, Found{b, 0}, Found{c, 2}));
    table.select(selector("{}"), found);
    EXPECT_THAT(found, ElementsAre(Found{a, 0}, Found{b, 0}, Found{c, 0}));
}

/// The table as Pandora.js has it: a list that is scanned.
class Scanned {
public:
    void add(std::uint32_t peer, const std::string& text)
    {
        auto& list = entries_[peer];
        if (std::ranges::find(list, text) == list.end()) list.push_back(text);
        if (std::ranges::find(order_, peer) == order_.end()) order_.push_back(peer);
    }

    void remove_matching(std::uint32_t peer, const std::string& asked)
    {
        auto& list = entries_[peer];
        std::erase_if(list, [&](const auto& text) { return matches(selector(asked), selector(text)); });
        if (list.empty()) std::erase(order_, peer);
    }

    std::vector<std::uint32_t> reached(const std::string& asked)
    {
        std::vector<std::uint32_t> out;
        for (const std::uint32_t peer : order_)
            if (std::ranges::any_of(entries_[peer],
                                    [&](const auto& text) { return matches(selector(asked), selector(text)); }))
                out.push_back(peer);
        return out;
    }

private:
    std::map<std::uint32_t, std::vector<std::string>> entries_;
    std::vector<std::uint32_t> order_;
};

TEST(RouteTable, FindsWhatAScanOfAllSelectorsFinds)
{
    std::mt19937 random{20261122};
    const auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    const auto some_selector = [&] {
        static const char* const keys[] = {"objectName", "clientId", "pid",      "processName",
                                           "appName",    "tag",      "objectTag"};
        static const char* const values[] = {"\"a\"", "\"b\"", "1", "true", "null", "{}"};
        std::string out = "{";
        for (const char* key : keys)
            if (pick(3) == 0) out += (out.size() > 1 ? ",\"" : "\"") + std::string{key} + "\":" + values[pick(6)];
        return out + "}";
    };
    RouteTable table;
    Scanned model;
    std::vector<RouteTable::Stored> removed;
    for (int step = 0; step < 5'000; ++step) {
        const std::uint32_t peer = pick(12);
        const std::string text = some_selector();
        switch (pick(4)) {
        case 0:
            table.add(PeerId{peer}, Reach::ordinary, text);
            model.add(peer, text);
            break;
        case 1:
            if (pick(4) != 0) break;
            table.remove_matching(PeerId{peer}, selector(text), removed);
            model.remove_matching(peer, text);
            break;
        default: ASSERT_EQ(reached(table, text), model.reached(text)) << "step " << step << ", " << text;
        }
    }
}

TEST(RouteTable, ASelectorOfSeveralWithOneValueMayGoWithoutTheOthers)
{
    RouteTable table;
    table.add(a, Reach::ordinary, R"({"appName":"x","pid":1})");
    table.add(b, Reach::ordinary, R"({"appName":"x"})");
    table.add(a, Reach::ordinary, R"({"appName":"x","pid":2})");
    std::vector<RouteTable::Stored> removed;
    table.remove_matching(a, selector(R"({"pid":1})"), removed);
    EXPECT_THAT(reached(table, R"({"appName":"x"})"), ElementsAre(0, 1));
    table.remove_matching(a, selector(R"({"pid":2})"), removed);
    EXPECT_THAT(reached(table, R"({"appName":"x"})"), ElementsAre(1));
}

TEST(RouteTable, WhatAStoredSelectorTakesIsMoreThanItsText)
{
    RouteTable table;
    const auto bytes = [&](const std::string& text) {
        table.add(a, Reach::ordinary, text);
        return table.selectors(a).back().bytes();
    };
    const std::size_t none = bytes("{}"), one = bytes(R"({"objectName":"o"})");
    EXPECT_GE(none, sizeof(RouteTable::Stored));
    EXPECT_GT(one, none + sizeof(MatchValue)) << "its name is in the index";
    EXPECT_GE(bytes(R"({"objectName":")" + std::string(10'000, 'x') + "\"}"), one + 4 * 9'000);
}

TEST(RouteTable, OneOfManyWithTheSameValuesLeavesAsFastAsOneOfAFew)
{
    const auto time = [](std::uint32_t others) { // of the processor, the best of several
        RouteTable table;
        const auto join = [&](std::uint32_t peer, int selectors) {
            for (int i = 0; i < selectors; ++i)
                table.add(PeerId{peer}, Reach::ordinary, R"({"processName":"p","x":)" + std::to_string(i) + "}");
        };
        for (std::uint32_t peer = 1; peer <= others; ++peer) join(peer, 16);
        std::clock_t best = std::numeric_limits<std::clock_t>::max();
        std::vector<RouteTable::Stored> removed;
        for (int round = 0; round < 5; ++round) {
            join(others + 1, 256);
            removed.clear();
            const std::clock_t begin = std::clock();
            table.forget(PeerId{others + 1}, removed);
            best = std::min(best, std::clock() - begin);
            EXPECT_EQ(removed.size(), 256U);
        }
        return std::max<std::clock_t>(best, 1);
    };
    EXPECT_LT(time(4'096), 25 * time(4)) << "a search of all their selectors would take 50 times as long";
}

} // namespace
} // namespace pandora::hub::core
