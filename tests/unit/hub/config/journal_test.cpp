#include "hub/config/journal.hpp"
#include "hub/config/limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace pandora::hub::config {
namespace {

using testing::ElementsAre;

/// What happened to a store, and what was written of it.
struct Story {
    ConfigStore store;
    std::string journal;
    std::vector<ConfigStore> states{ConfigStore{}}; // after each line
    std::vector<std::size_t> ends{0};               // of each line

    void set(std::string_view topic, Value value)
    {
        const Outcome outcome = store.set(topic, std::move(value));
        const auto* change = std::get_if<Change>(&outcome);
        if (!change) return;
        journal += to_line(*change);
        states.push_back(store);
        ends.push_back(journal.size());
    }
};

void expect_same(const ConfigStore& got, const ConfigStore& want, const std::string& where)
{
    EXPECT_EQ(got.entries(), want.entries()) << where;
    EXPECT_EQ(got.version(), want.version()) << where;
    EXPECT_EQ(got.bytes(), want.bytes()) << where;
}

Story some_story()
{
    Story story;
    story.set("plain", "1");
    story.set("deep", R"({"value":"x","topic":["\n",null,{"version":9}],"ünï":"\"}"})");
    story.set("plain", "\"ten\"");
    story.set("odd \"\\\n\x01 ümlaut", "true");
    story.set("plain", std::nullopt);
    story.set("zero", "0");
    story.set("zero", std::nullopt);
    return story;
}

TEST(Journal, BringsBackWhatWasThere)
{
    const Story story = some_story();
    const Loaded loaded = load(story.journal);
    expect_same(loaded.store, story.store, "");
    EXPECT_EQ(loaded.damaged_lines, 0U);
    EXPECT_THAT(loaded.store.topics(""), ElementsAre("deep", "odd \"\\\n\x01 ümlaut"));
    EXPECT_EQ(loaded.store.version(), Version{7});
}

TEST(Journal, OfASnapshotIsTheSameAndKeepsTheVersionOfARemoval)
{
    const Story story = some_story();
    const Loaded loaded = load(snapshot(story.store));
    expect_same(loaded.store, story.store, "");
    EXPECT_EQ(loaded.damaged_lines, 0U);
    expect_same(load(snapshot(ConfigStore{})).store, ConfigStore{}, "an empty store");
}

TEST(Journal, TornAnywhereHoldsWhatItsWholeLinesSay)
{
    const Story story = some_story();
    for (std::size_t cut = 0; cut <= story.journal.size(); ++cut) {
        // A line that lacks nothing but its end is whole.
        std::size_t whole = 0;
        while (whole + 1 < story.ends.size() && cut + 1 >= story.ends[whole + 1]) ++whole;
        const Loaded loaded = load(std::string_view{story.journal}.substr(0, cut));
        expect_same(loaded.store, story.states[whole], "cut at " + std::to_string(cut));
        EXPECT_EQ(loaded.damaged_lines, cut > story.ends[whole] ? 1U : 0U) << cut;
    }
}

TEST(Journal, ASnapshotAfterAnyTailOfTheLinesBeforeItIsTheWholeState)
{
    const Story story = some_story();
    for (std::size_t from = 0; from <= story.journal.size(); ++from) {
        const Loaded loaded = load(story.journal.substr(from) + snapshot(story.store));
        expect_same(loaded.store, story.store, "from " + std::to_string(from));
    }
}

TEST(Journal, ATornSnapshotTakesNothingFromTheLinesBeforeIt)
{
    const Story story = some_story();
    const std::string repeated = snapshot(story.store);
    for (std::size_t cut = 0; cut <= repeated.size(); ++cut)
        expect_same(load(story.journal + repeated.substr(0, cut)).store, story.store, "cut at " + std::to_string(cut));
}

TEST(Journal, GoesOnAfterADamagedLine)
{
    Story story;
    story.set("a", "1");
    const std::size_t second = story.journal.size();
    story.set("b", "2");
    story.set("c", "3");
    for (const char* damage : {"", "#", "\n\n", "0123456789abcdef {}\n"}) {
        std::string journal = story.journal;
        journal.insert(second + 20, damage);
        if (*damage == '\0') journal[second + 20] ^= 1;
        const Loaded loaded = load(journal);
        EXPECT_THAT(loaded.store.topics(""), ElementsAre("a", "c")) << damage;
        EXPECT_GE(loaded.damaged_lines, 1U) << damage;
        EXPECT_EQ(loaded.store.version(), Version{3});
    }
}

TEST(Journal, OfSomethingElseIsEmpty)
{
    for (const char* text : {"", "\n", "hello", "{}\n[]\n", "cbf29ce484222325 \n"})
        expect_same(load(text).store, ConfigStore{}, text);
}

TEST(Journal, WithMoreThanAStoreMayHoldIsReadUpToTheBound)
{
    std::string journal;
    for (std::size_t i = 1; i <= topics_max + 3; ++i)
        journal += to_line({Version{i}, "topic " + std::to_string(i), "1"});
    const Loaded loaded = load(journal);
    EXPECT_EQ(loaded.store.entries().size(), topics_max);
    EXPECT_EQ(loaded.damaged_lines, 3U);
}

TEST(Journal, BringsBackAnyStoreHoweverOftenItWasCut)
{
    std::mt19937 random{20261123};
    const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
    Story story;
    for (int step = 0; step < 3'000; ++step) {
        story.set("t" + std::to_string(pick(30)), pick(3) == 0 ? Value{} : Value{std::to_string(random())});
        if (pick(50) == 0) story.journal = story.journal.substr(pick(story.journal.size())) + snapshot(story.store);
        if (pick(10) == 0) expect_same(load(story.journal).store, story.store, "step " + std::to_string(step));
    }
    EXPECT_GT(story.store.version(), Version{1'000});
}

} // namespace
} // namespace pandora::hub::config
