#include "hub/core/targets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pandora::hub::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr PeerId one{1}, two{2}, three{3};

std::string object(const std::string& name, const std::string& tag = "")
{
    return R"({"objectName":")" + name + (tag.empty() ? "\"}" : R"(","objectTag":")" + tag + "\"}");
}

class TargetsTest : public ::testing::Test {
protected:
    std::vector<PeerId> reached(std::string_view text)
    {
        std::vector<PeerId> peers;
        for (const Found& found : targets.of_text(text).found) peers.push_back(found.peer);
        return peers;
    }

    RouteTable routes;
    Names names{100'000, 16 << 20};
    Targets targets{routes, names, 1 << 20};
};

TEST_F(TargetsTest, FollowTheRouteTableHoweverOftenTheyWereAsked)
{
    EXPECT_THAT(reached(object("math")), IsEmpty());
    routes.add(one, Reach::ordinary, object("math"));
    EXPECT_THAT(reached(object("math")), ElementsAre(one));
    EXPECT_THAT(reached(object("math")), ElementsAre(one));
    routes.add(two, Reach::ordinary, object("math"));
    EXPECT_THAT(reached(object("math")), ElementsAre(one, two));
    std::vector<RouteTable::Stored> removed;
    routes.forget(one, removed);
    EXPECT_THAT(reached(object("math")), ElementsAre(two));
}

TEST_F(TargetsTest, ATextWithANumberIsOneTargetByBoth)
{
    routes.add(one, Reach::ordinary, object("math"));
    const NameNumber number = *names.number(wire::NameKind::selector, object("math"));
    const Target& by_number = targets.of_number(number);
    EXPECT_EQ(&targets.of_text(object("math")), &by_number);
    EXPECT_EQ(by_number.number, number);
    EXPECT_EQ(by_number.object(), "math");
}

TEST_F(TargetsTest, ATextThatGetsANumberLaterIsFoundByItFromThenOn)
{
    routes.add(one, Reach::ordinary, object("math"));
    EXPECT_EQ(targets.of_text(object("math")).number, 0U);
    const NameNumber number = *names.number(wire::NameKind::selector, object("math"));
    EXPECT_EQ(targets.of_text(object("math")).number, number);
    EXPECT_THAT(reached(object("math")), ElementsAre(one));
}

TEST_F(TargetsTest, TheBestFitComesFirstAndIsCounted)
{
    routes.add(one, Reach::ordinary, object("math", "b"));
    routes.add(two, Reach::ordinary, object("math"));
    routes.add(three, Reach::ordinary, object("math", "a"));

    struct Row {
        std::string asked;
        PeerId first;
        std::size_t fitting;
    };

    for (const auto& [asked, first, fitting] :
         {Row{object("math", "a"), three, 1}, Row{object("math", "c"), two, 1}, Row{object("math", "b"), one, 1}}) {
        const Target& target = targets.of_text(asked);
        ASSERT_EQ(target.found.size(), 3U) << asked;
        EXPECT_EQ(target.found.front().peer, first) << asked;
        EXPECT_EQ(target.fitting, fitting) << asked;
    }
}

TEST_F(TargetsTest, MoreThanMayBeRememberedIsAnsweredAllTheSame)
{
    routes.add(one, Reach::ordinary, object("o7"));
    for (std::size_t i = 0; i < 10'000; ++i) {
        const std::string asked = object("o" + std::to_string(i));
        EXPECT_EQ(targets.of_text(asked).found.size(), i == 7 ? 1U : 0U) << asked;
        ASSERT_LE(targets.bytes(), (1 << 20) + 1024U) << "one target at most above the bound";
    }
    EXPECT_THAT(reached(object("o7")), ElementsAre(one));
}

TEST_F(TargetsTest, LongTextsAndManyProvidersCountAsMuchAsTheyTake)
{
    for (std::uint32_t i = 0; i < 1'000; ++i) routes.add(PeerId{i}, Reach::ordinary, R"({"appName":"shop"})");
    const std::size_t before = targets.bytes();
    const std::string asked = R"({"appName":"shop","x":")" + std::string(10'000, 'x') + "\"}";
    EXPECT_EQ(targets.of_text(asked).found.size(), 1'000U);
    EXPECT_GE(targets.bytes() - before, 1'000 * sizeof(Found) + 10'000);
    const std::size_t kept = targets.bytes();
    targets.of_text(asked);
    EXPECT_EQ(targets.bytes(), kept) << "once";
    routes.add(one, Reach::ordinary, object("math"));
    targets.of_text(asked);
    EXPECT_LT(targets.bytes(), 2 * kept) << "also when it is looked up anew";
}

TEST_F(TargetsTest, NumberedTargetsAreForgottenWithTheRest)
{
    for (std::uint32_t i = 0; i < 1'000; ++i) routes.add(PeerId{i}, Reach::ordinary, R"({"appName":"shop"})");
    for (int i = 0; i < 1'000; ++i) {
        const std::string asked = R"({"appName":"shop","x":)" + std::to_string(i) + "}";
        const NameNumber number = *names.number(wire::NameKind::selector, asked);
        EXPECT_EQ(targets.of_number(number).found.size(), 1'000U);
        ASSERT_LE(targets.bytes(), (1 << 20) + 1'000'000U);
    }
}

} // namespace
} // namespace pandora::hub::core
