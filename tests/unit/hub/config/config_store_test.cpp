#include "hub/config/config_store.hpp"
#include "hub/config/limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pandora::hub::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Outcome change(std::uint64_t version, std::string topic, Value value)
{
    return Change{Version{version}, std::move(topic), std::move(value)};
}

/// JSON of exactly that many bytes.
std::string json_of(std::size_t bytes) { return '"' + std::string(bytes - 2, 'x') + '"'; }

TEST(ConfigStore, KeepsTheLastValueOfEachTopic)
{
    ConfigStore store;
    EXPECT_EQ(store.get("a"), nullptr);
    EXPECT_EQ(store.set("a", "1"), change(1, "a", "1"));
    EXPECT_EQ(store.set("b", "[]"), change(2, "b", "[]"));
    EXPECT_EQ(store.set("a", "2"), change(3, "a", "2"));
    EXPECT_EQ(*store.get("a"), (Entry{Version{3}, "2"}));
    EXPECT_EQ(*store.get("b"), (Entry{Version{2}, "[]"}));
}

TEST(ConfigStore, TheSameValueAgainIsAChange)
{
    ConfigStore store;
    store.set("a", "1");
    EXPECT_EQ(store.set("a", "1"), change(2, "a", "1"));
}

TEST(ConfigStore, ATopicThatWasRemovedAndSetAgainIsOfAnotherVersion)
{
    ConfigStore store;
    store.set("a", "1");
    EXPECT_EQ(store.set("a", std::nullopt), change(2, "a", std::nullopt));
    EXPECT_EQ(store.get("a"), nullptr);
    EXPECT_EQ(store.set("a", std::nullopt), Outcome{Unchanged{}});
    EXPECT_EQ(store.set("a", "1"), change(3, "a", "1"));
}

TEST(ConfigStore, ComparesWithTheVersionAndWithTheValueAsJson)
{
    struct Row {
        Expected expected;
        bool as_expected;
    };

    const Row rows[] = {
        {Version{2}, true},
        {Version{1}, false},
        {Version{3}, false},
        {Version{0}, false},
        {Value{R"({"a":1,"b":[2,"x"]})"}, true},
        {Value{R"({"b":[2.0,"\u0078"],"a":1e0})"}, true},
        {Value{R"({"b":["x",2],"a":1})"}, false},
        {Value{R"({"a":1})"}, false},
        {Value{"not JSON"}, false},
        {Value{}, false},
    };
    for (const auto& [expected, as_expected] : rows) {
        ConfigStore store;
        store.set("other", "0");
        store.set("topic", R"({"a":1,"b":[2,"x"]})");
        const auto want = as_expected ? change(3, "topic", "7") : Conflict{Version{2}, R"({"a":1,"b":[2,"x"]})"};
        EXPECT_EQ(store.compare_and_set("topic", expected, "7"), want) << &expected - &rows[0].expected;
        EXPECT_EQ(store.get("topic")->value == "7", as_expected);
    }
}

TEST(ConfigStore, ExpectsATopicToBeWithoutAValue)
{
    for (const Expected& nothing : {Expected{Version{0}}, Expected{Value{}}}) {
        ConfigStore store;
        EXPECT_EQ(store.compare_and_set("a", nothing, std::nullopt), Outcome{Unchanged{}});
        EXPECT_EQ(store.compare_and_set("a", nothing, "1"), change(1, "a", "1"));
        EXPECT_EQ(store.compare_and_set("a", nothing, "2"), (Outcome{Conflict{Version{1}, "1"}}));
    }
    ConfigStore store;
    EXPECT_EQ(store.compare_and_set("a", Version{1}, "1"), Outcome{Conflict{}});
    EXPECT_EQ(store.compare_and_set("a", Value{"1"}, "1"), Outcome{Conflict{}});
}

TEST(ConfigStore, RemovesATopicOnlyIfItIsAsExpected)
{
    ConfigStore store;
    store.set("a", "1");
    EXPECT_EQ(store.compare_and_set("a", Version{2}, std::nullopt), (Outcome{Conflict{Version{1}, "1"}}));
    EXPECT_EQ(store.compare_and_set("a", Version{1}, std::nullopt), change(2, "a", std::nullopt));
    EXPECT_EQ(store.get("a"), nullptr);
}

TEST(ConfigStore, RefusesWhatIsBeyondABoundAndStaysAsItWas)
{
    ConfigStore store;
    EXPECT_EQ(store.set("", "1"), Outcome{Refusal::topic_empty});
    EXPECT_EQ(store.set(std::string(topic_bytes_max + 1, 't'), "1"), Outcome{Refusal::topic_too_long});
    EXPECT_EQ(store.set("t", json_of(value_bytes_max + 1)), Outcome{Refusal::value_too_large});
    EXPECT_EQ(store.compare_and_set("t", Version{0}, json_of(value_bytes_max + 1)), Outcome{Refusal::value_too_large});
    EXPECT_EQ(store.version(), Version{0});
    EXPECT_EQ(store.bytes(), 0U);
    const std::string longest(topic_bytes_max, 't');
    EXPECT_EQ(store.set(longest, json_of(value_bytes_max)), change(1, longest, json_of(value_bytes_max)));
}

TEST(ConfigStore, RefusesWhatIsNestedTooDeep)
{
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    ConfigStore store;
    EXPECT_EQ(store.set("t", nested(value_depth_max + 1)), Outcome{Refusal::value_too_deep});
    EXPECT_EQ(store.set("t", nested(value_depth_max)), change(1, "t", nested(value_depth_max)));
    const std::string brackets = R"({"[\"":[")" + std::string(value_depth_max, '{') + R"("]})";
    EXPECT_EQ(store.set("t", brackets), change(2, "t", brackets));
    std::string siblings = "[";
    for (std::size_t i = 0; i < value_depth_max; ++i) siblings += "[],";
    EXPECT_EQ(store.set("t", siblings + "{}]"), change(3, "t", siblings + "{}]"));
}

TEST(ConfigStore, HoldsSoManyTopicsAndWhenOneIsRemovedAnother)
{
    ConfigStore store;
    for (std::size_t i = 0; i < topics_max; ++i)
        ASSERT_TRUE(std::holds_alternative<Change>(store.set(std::to_string(i), "1")));
    EXPECT_EQ(store.set("more", "1"), Outcome{Refusal::too_many_topics});
    EXPECT_TRUE(std::holds_alternative<Change>(store.set("7", "2")));
    store.set("8", std::nullopt);
    EXPECT_TRUE(std::holds_alternative<Change>(store.set("more", "1")));
}

TEST(ConfigStore, HoldsSoManyBytesAndWhenAValueShrinksMore)
{
    ConfigStore store;
    const auto topic = [](std::size_t i) { return std::string(1, static_cast<char>('a' + i)); };
    const std::size_t most = total_bytes_max / value_bytes_max;
    for (std::size_t i = 0; i + 1 < most; ++i) store.set(topic(i), json_of(value_bytes_max - 1));
    store.set("last", json_of(value_bytes_max - 5)); // with the names all that fits but one byte
    EXPECT_EQ(store.bytes(), total_bytes_max - 1);
    EXPECT_EQ(store.set("z", "1"), Outcome{Refusal::store_full});
    EXPECT_TRUE(std::holds_alternative<Change>(store.set("last", json_of(value_bytes_max - 4))));
    EXPECT_EQ(store.bytes(), total_bytes_max);
    EXPECT_EQ(store.set("last", json_of(value_bytes_max - 3)), Outcome{Refusal::store_full});
    store.set("a", "1");
    EXPECT_TRUE(std::holds_alternative<Change>(store.set("z", "1")));
    for (const auto& name : store.topics("")) store.set(name, std::nullopt);
    EXPECT_EQ(store.bytes(), 0U);
}

TEST(ConfigStore, ListsTopicsByThePrefixOfTheirNames)
{
    ConfigStore store;
    for (const char* topic : {"web.port", "web", "we", "webhook", "x", "\xff"}) store.set(topic, "1");
    EXPECT_THAT(store.topics("web"), ElementsAre("web", "web.port", "webhook"));
    EXPECT_THAT(store.topics("web."), ElementsAre("web.port"));
    EXPECT_THAT(store.topics(""), ElementsAre("we", "web", "web.port", "webhook", "x", "\xff"));
    EXPECT_THAT(store.topics("y"), IsEmpty());
}

TEST(ConfigStore, RefusalsSayWhichBoundItWas)
{
    EXPECT_EQ(describe(Refusal::topic_empty), "a topic has to have a name");
    EXPECT_EQ(describe(Refusal::topic_too_long), "a topic's name is at most 256 bytes long");
    EXPECT_EQ(describe(Refusal::value_too_large), "a topic's value is at most 1048576 bytes of JSON");
    EXPECT_EQ(describe(Refusal::value_too_deep), "a topic's value is at most 128 containers deep");
    EXPECT_EQ(describe(Refusal::too_many_topics), "at most 4096 topics may have a value");
    EXPECT_EQ(describe(Refusal::store_full), "all topics together hold at most 16777216 bytes");
}

} // namespace
} // namespace pandora::hub::config
