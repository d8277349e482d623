#include "hub/core/retained_events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pandora::hub::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Discharged = RetainedEvents::Discharged;

constexpr PeerId weather{4}, backup{0};

EventPtr event(std::string object, std::string name, std::string body)
{
    const bool clears = body.empty();
    return std::make_shared<const Event>(
        Event{.object = std::move(object), .name = std::move(name), .body = std::move(body), .clears = clears});
}

class RetainedEventsTest : public ::testing::Test {
protected:
    std::vector<std::string> found(const std::string& object, const std::string& filter = "")
    {
        std::vector<EventPtr> events;
        retained.find({object, filter}, events);
        std::vector<std::string> bodies;
        for (const EventPtr& one : events) bodies.push_back(one->body);
        return bodies;
    }

    RetainedEvents retained;
};

TEST_F(RetainedEventsTest, TheLastValueOfEachNameIsFoundInOrderOfName)
{
    retained.retain(weather, event("sky", "wind", "1"));
    retained.retain(weather, event("sky", "rain", "2"));
    retained.retain(weather, event("sky", "wind", "3"));
    retained.retain(weather, event("sea", "wind", "4"));
    EXPECT_THAT(found("sky"), ElementsAre("2", "3"));
    EXPECT_THAT(found("sea"), ElementsAre("4"));
    EXPECT_THAT(found("hills"), IsEmpty());
}

TEST_F(RetainedEventsTest, AFilterFindsWhatItIsFor)
{
    for (const char* name : {"a", "ab", "abc", "abd", "b", ""})
        retained.retain(weather, event("o", name, name + std::string{"!"}));

    struct Row {
        const char* filter;
        std::vector<std::string> want;
    };

    for (const auto& [filter, want] : {
             Row{"", {"!", "a!", "ab!", "abc!", "abd!", "b!"}},
             Row{"*", {"!", "a!", "ab!", "abc!", "abd!", "b!"}},
             Row{"ab", {"ab!"}},
             Row{"ab*", {"ab!", "abc!", "abd!"}},
             Row{"abc*", {"abc!"}},
             Row{"b*", {"b!"}},
             Row{"c*", {}},
             Row{"abcd", {}},
         })
        EXPECT_EQ(found("o", filter), want) << filter;
}

TEST_F(RetainedEventsTest, AnEmptyOneRemovesTheValueWhoeverSendsIt)
{
    retained.retain(weather, event("o", "x", "1"));
    retained.retain(weather, event("o", "y", "2"));
    const Discharged freed{weather, event("o", "x", "1")->bytes()};
    EXPECT_EQ(retained.retain(backup, event("o", "x", "")), freed);
    EXPECT_THAT(found("o"), ElementsAre("2"));
    EXPECT_EQ(retained.retain(backup, event("o", "x", "")), std::nullopt);
    EXPECT_EQ(retained.retain(backup, event("none", "x", "")), std::nullopt);
    EXPECT_EQ(retained.bytes(weather), event("o", "y", "2")->bytes());
    EXPECT_EQ(retained.bytes(backup), 0U);
}

TEST_F(RetainedEventsTest, AValueIsChargedToWhoRetainedItLast)
{
    retained.retain(weather, event("o", "x", "12345"));
    EXPECT_EQ(retained.bytes(weather), event("o", "x", "12345")->bytes());
    EXPECT_EQ(retained.retain(weather, event("o", "x", "123")), std::nullopt) << "it was its own";
    const Discharged freed{weather, event("o", "x", "123")->bytes()};
    EXPECT_EQ(retained.retain(backup, event("o", "x", "1")), freed);
    EXPECT_EQ(retained.bytes(weather), 0U);
    EXPECT_EQ(retained.bytes(backup), event("o", "x", "1")->bytes());
    retained.forget(weather);
    EXPECT_THAT(found("o"), ElementsAre("1"));
}

TEST_F(RetainedEventsTest, WhoUnpublishesAnObjectTakesItsOwnValuesWithIt)
{
    retained.retain(weather, event("o", "x", "1"));
    retained.retain(backup, event("o", "y", "2"));
    retained.retain(weather, event("p", "x", "3"));
    retained.release(weather, "o");
    EXPECT_THAT(found("o"), ElementsAre("2"));
    EXPECT_THAT(found("p"), ElementsAre("3"));
    retained.release(weather, "never");
    retained.release(PeerId{99}, "o");
    EXPECT_THAT(found("o"), ElementsAre("2"));
}

TEST_F(RetainedEventsTest, WhoGoesTakesEverythingWithIt)
{
    for (const char* object : {"o", "p", "q"})
        for (const char* name : {"x", "y"}) retained.retain(weather, event(object, name, "1"));
    retained.retain(backup, event("p", "z", "2"));
    retained.forget(weather);
    EXPECT_THAT(found("o"), IsEmpty());
    EXPECT_THAT(found("p"), ElementsAre("2"));
    EXPECT_EQ(retained.bytes(weather), 0U);
    retained.forget(weather);
    retained.forget(PeerId{99});
    EXPECT_EQ(retained.bytes(PeerId{99}), 0U);
}

} // namespace
} // namespace pandora::hub::core
