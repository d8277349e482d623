#include "hub/core/names.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::hub::core {
namespace {

using wire::NameKind;

TEST(Names, ATextKeepsItsNumberAndIsFoundByIt)
{
    Names names{100, 1000};
    const auto abs = names.number(NameKind::name, "abs");
    ASSERT_TRUE(abs);
    EXPECT_NE(*abs, 0U);
    EXPECT_EQ(names.number(NameKind::name, "abs"), abs);
    EXPECT_EQ(names.find(NameKind::name, "abs"), *abs);
    EXPECT_EQ(names.text(*abs), "abs");
    EXPECT_EQ(names.kind(*abs), NameKind::name);
    EXPECT_EQ(names.size(), 1U);
}

TEST(Names, ANameAndASelectorOfTheSameTextAreTwo)
{
    Names names{100, 1000};
    const auto name = names.number(NameKind::name, "{}"), selector = names.number(NameKind::selector, "{}");
    ASSERT_TRUE(name && selector);
    EXPECT_NE(*name, *selector);
    EXPECT_TRUE(names.is(NameKind::name, *name));
    EXPECT_FALSE(names.is(NameKind::selector, *name));
    EXPECT_TRUE(names.is(NameKind::selector, *selector));
}

TEST(Names, ANumberThatWasNotGivenIsNothing)
{
    Names names{100, 1000};
    names.number(NameKind::name, "abs");
    for (const NameNumber number : {0U, 2U, 99U, ~0U}) {
        EXPECT_FALSE(names.is(NameKind::name, number)) << number;
        EXPECT_FALSE(names.is(NameKind::selector, number)) << number;
    }
    EXPECT_EQ(names.find(NameKind::name, "nobody's"), 0U);
}

TEST(Names, EndWithTheirCountOrTheirBytesAndOldOnesStay)
{
    struct Row {
        std::size_t count_max, bytes_max;
        int room;
    };

    for (const auto& [count_max, bytes_max, room] : {Row{3, 1000, 3}, Row{100, 8, 2}, Row{100, 3, 0}}) {
        Names names{count_max, bytes_max};
        int given = 0;
        for (const char* text : {"aaaa", "bbbb", "cccc", "dddd"}) given += names.number(NameKind::name, text) ? 1 : 0;
        EXPECT_EQ(given, room) << count_max << " " << bytes_max;
        if (room > 0) {
            EXPECT_EQ(names.number(NameKind::name, "aaaa"), 1U) << "known already";
        }
    }
}

TEST(Names, HaveRoomToSpareUntilHalfIsGiven)
{
    Names by_count{4, 1000}, by_bytes{1000, 10};
    for (Names* names : {&by_count, &by_bytes}) {
        EXPECT_TRUE(names->has_room_to_spare());
        names->number(NameKind::name, "one");
        EXPECT_TRUE(names->has_room_to_spare());
        names->number(NameKind::name, "two");
        EXPECT_FALSE(names->has_room_to_spare());
    }
}

TEST(Names, TextsDoNotMoveWhenMoreCome)
{
    Names names{10'000, 1 << 20};
    const std::string_view first = names.text(*names.number(NameKind::name, "first"));
    for (int i = 0; i < 5'000; ++i) names.number(NameKind::name, std::to_string(i));
    EXPECT_EQ(first, "first");
    EXPECT_EQ(names.find(NameKind::name, "first"), 1U);
}

} // namespace
} // namespace pandora::hub::core
