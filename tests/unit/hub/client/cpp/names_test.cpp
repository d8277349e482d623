#include "hub/client/cpp/names.hpp"

#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

using Kind = wire::NameKind;

TEST(Names, WishesForANumberAtTheSecondUseAndOnce)
{
    Names names;
    EXPECT_EQ(names.use(Kind::name, "abs"), 0U);
    EXPECT_TRUE(names.take_wishes().empty());
    EXPECT_EQ(names.use(Kind::name, "abs"), 0U);
    const auto wishes = names.take_wishes();
    ASSERT_EQ(wishes.size(), 1U);
    EXPECT_EQ(wishes[0].text, "abs");
    EXPECT_EQ(wishes[0].kind, Kind::name);
    names.use(Kind::name, "abs");
    EXPECT_TRUE(names.take_wishes().empty());
    names.numbered(Kind::name, "abs", 12);
    EXPECT_EQ(names.use(Kind::name, "abs"), 12U);
    EXPECT_EQ(names.use(Kind::selector, "abs"), 0U) << "of another kind";
}

TEST(Names, GoesOnWithTextsWhereTheHubRefuses)
{
    Names names;
    for (int i = 0; i < 2; ++i) names.use(Kind::selector, "{}");
    names.numbered(Kind::selector, "{}", 0);
    EXPECT_EQ(names.use(Kind::selector, "{}"), 0U);
    EXPECT_EQ(names.take_wishes().size(), 1U);
    EXPECT_FALSE(names.need(Kind::selector, "{}"));
}

TEST(Names, AsksAtOnceForWhatIsOfNoUseWithoutANumber)
{
    Names names;
    EXPECT_FALSE(names.need(Kind::selector, "never used"));
    names.use(Kind::selector, "{}");
    EXPECT_TRUE(names.need(Kind::selector, "{}"));
    EXPECT_TRUE(names.need(Kind::selector, "{}"));
    EXPECT_EQ(names.take_wishes().size(), 1U);
}

TEST(Names, CountsABoundedNumberOfTexts)
{
    Names names;
    for (std::size_t i = 0; i < Names::texts_max; ++i) names.use(Kind::name, std::to_string(i));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(names.use(Kind::name, "one more"), 0U);
    EXPECT_TRUE(names.take_wishes().empty());
}

TEST(Names, KnowsWhatTheHubToldOfTheNumbersOfOthers)
{
    Names names;
    names.learn(Kind::name, 5, "abs");
    names.learn(Kind::selector, 5, R"({"objectTag":"new","objectName":"math"})");
    names.learn(Kind::selector, 6, "no JSON");
    ASSERT_TRUE(names.name(5));
    EXPECT_EQ(*names.name(5), "abs");
    ASSERT_TRUE(names.object(5));
    EXPECT_EQ(names.object(5)->object, "math");
    EXPECT_EQ(names.object(5)->tag, "new");
    EXPECT_FALSE(names.name(6));
    EXPECT_FALSE(names.object(6));
}

} // namespace
} // namespace pandora::hub::client
