#include "hub/core/waiters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pandora::hub::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr PeerId ann{1}, bob{2};
constexpr TimePoint start{1000s};

class WaitersTest : public ::testing::Test {
protected:
    static Selector naming(const std::string& object)
    {
        Selector selector;
        if (!object.empty()) selector[Key::object_name] = {MatchValue::Kind::string, object};
        return selector;
    }

    static Waiter waiter(PeerId peer, const std::string& object, TimePoint deadline = {}, Waiter::Request request = 1U)
    {
        return {peer, request, object, first_asked(naming(object)), deadline};
    }

    /// The selector's text is the object that it names.
    void add(PeerId peer, const std::string& object, TimePoint deadline)
    {
        waiters.add(waiter(peer, object, deadline));
    }

    static std::size_t bytes(const std::vector<Waiter>& all)
    {
        std::size_t sum = 0;
        for (const Waiter& one : all) sum += one.bytes();
        return sum;
    }

    /// Selectors of those who were told, with what they were told.
    std::vector<std::pair<std::string, std::uint32_t>> settle(TimePoint now)
    {
        std::vector<std::pair<std::string, std::uint32_t>> told;
        waiters.settle(
            now,
            [this](const Waiter& waiter) {
                looked_at.push_back(waiter.selector);
                return there[waiter.selector];
            },
            [&](const Waiter& waiter, std::uint32_t clients) { told.emplace_back(waiter.selector, clients); });
        return told;
    }

    /// Somebody has come, of whom that is known.
    void come(const std::string& object, std::uint32_t clients = 1)
    {
        there[object] = clients;
        waiters.look_again(naming(object));
    }

    std::map<std::string, std::uint32_t> there;
    std::vector<std::string> looked_at;
    Waiters waiters;
};

TEST_F(WaitersTest, AreToldOnceHowManyAreThere)
{
    add(ann, "math", start + 1s), add(bob, "mail", start + 1s);
    EXPECT_THAT(settle(start), IsEmpty());
    come("mail", 3);
    EXPECT_THAT(settle(start), ElementsAre(Pair("mail", 3)));
    EXPECT_THAT(settle(start), IsEmpty());
    EXPECT_EQ(waiters.of(ann), 1U);
}

TEST_F(WaitersTest, AreToldAtTheirDeadlineThatNobodyHasCome)
{
    add(ann, "late", start + 2s), add(ann, "soon", start + 1s);
    EXPECT_EQ(waiters.next_deadline(), TimePoint{}) << "who has come has to be looked at";
    EXPECT_THAT(settle(start + 1s - 1ns), IsEmpty());
    EXPECT_EQ(waiters.next_deadline(), start + 1s);
    EXPECT_THAT(settle(start + 1s), ElementsAre(Pair("soon", 0)));
    EXPECT_EQ(waiters.next_deadline(), start + 2s);
    there["late"] = 1;
    EXPECT_THAT(settle(start + 5s), ElementsAre(Pair("late", 1))) << "better late than never";
    EXPECT_EQ(waiters.next_deadline(), std::nullopt);
}

TEST_F(WaitersTest, OfOneThatHasGoneNobodyIsTold)
{
    add(ann, "math", start), add(bob, "math", start), add(ann, "mail", start);
    EXPECT_EQ(waiters.of(ann), 2U);
    waiters.forget(ann);
    EXPECT_EQ(waiters.of(ann), 0U);
    EXPECT_THAT(settle(start), ElementsAre(Pair("math", 0)));
}

TEST_F(WaitersTest, WhatTheOwnerWaitsForInTheNameOfAClientIsThatClients)
{
    waiters.add(waiter(ann, "math", start, WaitId{1})), waiters.add(waiter(ann, "mail", start, WaitId{2}));
    add(ann, "maps", start);
    EXPECT_EQ(waiters.of(ann), 3U);
    EXPECT_THAT(waiters.cancel(ann, WaitId{1}), SizeIs(1)) << "not the client's own request of that number";
    EXPECT_THAT(waiters.cancel(bob, WaitId{2}), IsEmpty());
    EXPECT_EQ(waiters.of(ann), 2U);
    EXPECT_THAT(waiters.forget(ann), SizeIs(2));
    EXPECT_THAT(settle(start), IsEmpty());
}

TEST_F(WaitersTest, WhoBeginsToWaitWhileOthersAreToldIsNotForgotten)
{
    add(ann, "math", start);
    waiters.settle(
        start, [](const Waiter&) { return 0U; }, [&](const Waiter&, std::uint32_t) { add(bob, "again", start + 1s); });
    EXPECT_EQ(waiters.of(bob), 1U);
}

TEST_F(WaitersTest, WhatIsForgottenIsTheBytesThatItWasChargedWith)
{
    add(ann, "math", start), add(ann, "mathematics", start), add(bob, "mail", start);
    EXPECT_EQ(bytes(waiters.cancel(ann, 2U)), 0U);
    EXPECT_EQ(bytes(waiters.cancel(bob, 1U)), waiter(bob, "mail").bytes());
    EXPECT_EQ(bytes(waiters.forget(ann)), 2 * Waiter{}.bytes() + 2 * std::string_view{"mathmathematics"}.size());
    EXPECT_EQ(bytes(waiters.forget(ann)), 0U);
    EXPECT_EQ(waiters.of(ann) + waiters.of(bob), 0U);
}

TEST_F(WaitersTest, AreLookedAtWhenTheyComeAndThenOnlyForWhatTheyWaitFor)
{
    for (int i = 0; i < 100; ++i) add(ann, "math", start + 1s), add(bob, "mail", start + 1s);
    add(bob, "", start + 1s); // names no object
    settle(start);
    EXPECT_EQ(looked_at.size(), 201U);

    struct Row {
        std::string changed;
        std::size_t looked_at;
    };

    for (const auto& [changed, count] : {Row{"math", 101}, Row{"other", 1}, Row{"", 1}}) {
        looked_at.clear();
        waiters.look_again(naming(changed)), waiters.look_again(naming(changed));
        settle(start), settle(start);
        EXPECT_EQ(looked_at.size(), count) << changed << ": each once, and those who name none";
    }
}

TEST_F(WaitersTest, AreToldInTheOrderInWhichTheyCame)
{
    add(ann, "math", start + 2s), add(bob, "mail", start + 1s), add(ann, "", start + 1s);
    settle(start);
    there[""] = 1, come("math");
    EXPECT_THAT(settle(start + 1s), ElementsAre(Pair("math", 1), Pair("mail", 0), Pair("", 1)));
    EXPECT_EQ(waiters.next_deadline(), std::nullopt);
}

TEST_F(WaitersTest, AreLookedAtForTheFirstValueThatTheyAskFor)
{
    const auto selector = [](const std::string& json) {
        Selector read;
        parse_selector(json, read);
        return read;
    };
    for (const std::string json :
         {R"({"objectName":"math","processName":"web"})", R"({"processName":"web","appName":"shop"})",
          R"({"appName":"shop","pid":7})", R"({"appName":"shop"})", R"({"tag":"web"})", R"({"tag":["web"]})", R"({})"})
        waiters.add({ann, 1U, json, first_asked(selector(json)), start + 1s});
    settle(start);

    struct Row {
        std::string stored;
        std::vector<std::string> looked_at;
    };

    const std::string nothing = "{}";
    for (const auto& [stored, want] : {
             Row{R"({"initialization":true})", {nothing}},
             Row{R"({"objectName":"mail"})", {nothing}},
             Row{R"({"objectName":"web"})", {nothing}},
             Row{R"({"objectName":"math"})", {R"({"objectName":"math","processName":"web"})", nothing}},
             Row{R"({"processName":"web"})", {R"({"processName":"web","appName":"shop"})", nothing}},
             Row{R"({"appName":"shop","pid":"7"})", {R"({"appName":"shop"})", nothing}},
             Row{R"({"pid":7,"tag":"web"})", {R"({"appName":"shop","pid":7})", R"({"tag":"web"})", nothing}},
             Row{R"({"tag":["web"]})", {nothing}},
         }) {
        looked_at.clear();
        waiters.look_again(selector(stored));
        settle(start);
        EXPECT_EQ(looked_at, want) << stored;
    }
}

} // namespace
} // namespace pandora::hub::core
