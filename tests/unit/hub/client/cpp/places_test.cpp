#include "hub/client/cpp/places.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace pandora::hub::client {
namespace {

constexpr std::uint32_t page = Places::granule;

TEST(Places, AreTakenFromTheLowestOffsetInWholePages)
{
    Places places{8 * page};
    EXPECT_EQ(places.take(1), 0U);
    EXPECT_EQ(places.take(page), page);
    EXPECT_EQ(places.take(page + 1), 2 * page);
    EXPECT_EQ(places.take(1), 4 * page);
}

TEST(Places, EndWhereTheMemoryDoes)
{
    Places places{4 * page + 100};
    EXPECT_EQ(places.take(4 * page + 1), std::nullopt);
    EXPECT_EQ(places.take(UINT32_MAX), std::nullopt);
    EXPECT_EQ(places.take(4 * page), 0U);
    EXPECT_EQ(places.take(1), std::nullopt);
    EXPECT_EQ(Places{page - 1}.take(1), std::nullopt);
}

TEST(Places, AreTakenAgainOnceTheyAreGivenBack)
{
    Places places{3 * page};
    for (const std::uint32_t offset : {0U, page, 2 * page}) EXPECT_EQ(places.take(1), offset);
    EXPECT_TRUE(places.give_back(page));
    EXPECT_FALSE(places.give_back(page)) << "nobody has it";
    EXPECT_FALSE(places.give_back(1)) << "no place begins there";
    EXPECT_EQ(places.take(2), page);
}

TEST(Places, ThatTouchBecomeOne)
{
    Places places{3 * page};
    for (int i = 0; i < 3; ++i) places.take(1);
    for (const std::uint32_t offset : {0U, 2 * page, page}) places.give_back(offset);
    EXPECT_TRUE(places.empty());
    EXPECT_EQ(places.take(3 * page), 0U);
}

/// Against a map of who has which page.
TEST(Places, NeverOverlapAndAreNeverLost)
{
    constexpr std::uint32_t pages = 64;
    std::mt19937 random{2011};
    Places places{pages * page};
    std::map<std::uint32_t, std::uint32_t> held; // offset -> pages
    for (int step = 0; step < 20'000; ++step) {
        if (random() % 2 == 0) {
            const std::uint32_t wanted = 1 + random() % 16;
            const auto offset = places.take(wanted * page - random() % page);
            if (!offset) continue;
            const auto next = held.lower_bound(*offset);
            ASSERT_TRUE(next == held.end() || *offset + wanted * page <= next->first);
            ASSERT_TRUE(next == held.begin() || std::prev(next)->first + std::prev(next)->second * page <= *offset);
            ASSERT_LE(*offset + wanted * page, pages * page);
            held.emplace(*offset, wanted);
        } else if (!held.empty()) {
            const auto one = std::next(held.begin(), random() % held.size());
            ASSERT_TRUE(places.give_back(one->first));
            held.erase(one);
        }
    }
    for (const auto& [offset, taken] : held) places.give_back(offset);
    EXPECT_EQ(places.take(pages * page), 0U);
}

} // namespace
} // namespace pandora::hub::client
