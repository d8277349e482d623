#include "hub/core/pools.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace pandora::hub::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Place = Pools::Place;

constexpr PeerId owner{1}, bob{2}, eve{3};

class PoolsTest : public ::testing::Test {
protected:
    bool announce(std::uint32_t number, std::uint64_t bytes = 4096, PeerId who = owner)
    {
        return pools.announce(who, number, fd, bytes);
    }

    Fd fd = std::make_shared<const int>(7);
    Pools pools;
};

TEST_F(PoolsTest, ArePossibleUpToTheirNumberAndSize)
{
    EXPECT_FALSE(announce(1, 0)) << "a size of 0 withdraws";
    EXPECT_FALSE(announce(1, wire::pool_bytes_max + 1));
    EXPECT_TRUE(announce(1, wire::pool_bytes_max));
    EXPECT_FALSE(announce(1)) << "the number is taken";
    for (std::uint32_t number = 2; number <= wire::pools_of_client_max; ++number) EXPECT_TRUE(announce(number));
    EXPECT_FALSE(announce(99));
    EXPECT_TRUE(announce(1, 4096, bob)) << "numbers are each client's own";
}

TEST_F(PoolsTest, ATurnedDownDescriptorIsNotKept)
{
    announce(1, 0);
    announce(1), announce(1);
    EXPECT_EQ(fd.use_count(), 2);
    pools.withdraw(owner, 1);
    EXPECT_EQ(fd.use_count(), 1);
}

TEST_F(PoolsTest, EveryReceiverIsToldOnceAndThenOfTheEnd)
{
    announce(1);
    EXPECT_TRUE(pools.introduce(owner, 1, bob));
    EXPECT_FALSE(pools.introduce(owner, 1, bob));
    EXPECT_TRUE(pools.introduce(owner, 1, eve));
    EXPECT_FALSE(pools.introduce(owner, 2, eve)) << "there is no such pool";
    EXPECT_THAT(pools.withdraw(owner, 1), ElementsAre(bob, eve));
    EXPECT_THAT(pools.withdraw(owner, 1), IsEmpty());
    EXPECT_EQ(pools.find(owner, 1), nullptr);
}

TEST_F(PoolsTest, APlaceIsGivenBackByWhoHasItAsOftenAsItWasLent)
{
    const Place place{owner, 1, 64};
    EXPECT_FALSE(pools.give_back(place, bob));
    pools.lend(place, bob), pools.lend(place, bob);
    EXPECT_FALSE(pools.give_back(place, eve));
    EXPECT_TRUE(pools.give_back(place, bob));
    EXPECT_TRUE(pools.give_back(place, bob));
    EXPECT_FALSE(pools.give_back(place, bob));
}

TEST_F(PoolsTest, WhoGoesGivesBackWhatItHeldAndTakesItsPoolsAlong)
{
    announce(1), announce(1, 4096, bob);
    const Place owners{owner, 1, 64}, bobs{bob, 1, 0};
    pools.lend(owners, bob), pools.lend(bobs, owner), pools.lend(bobs, eve);
    pools.introduce(owner, 1, bob);
    EXPECT_THAT(pools.gone(bob), ElementsAre(owners));
    EXPECT_EQ(pools.find(bob, 1), nullptr);
    EXPECT_FALSE(pools.give_back(bobs, eve)) << "its owner has gone, and perhaps another has its number";
    EXPECT_TRUE(pools.introduce(owner, 1, bob)) << "the next one of that number knows nothing yet";
    EXPECT_THAT(pools.gone(owner), IsEmpty());
    EXPECT_EQ(fd.use_count(), 1);
}

TEST_F(PoolsTest, OneReceiverHoldsSoManyPlacesAndOfOneOwnerAsManyAsAreLeftForOthers)
{
    const auto lend_all = [&](PeerId from) {
        std::uint32_t lent = 0;
        while (pools.lend({from, 1, lent}, bob)) ++lent;
        return lent;
    };
    const std::uint32_t half = wire::places_held_max / 2;
    EXPECT_EQ(lend_all(owner), half);
    EXPECT_EQ(lend_all(eve), half / 2);
    EXPECT_EQ(lend_all(PeerId{4}), half / 4);
    EXPECT_TRUE(pools.lend({owner, 1, 0}, eve)) << "each receiver has places of its own";
    pools.give_back({owner, 1, 0}, bob), pools.give_back({owner, 1, 1}, bob);
    EXPECT_EQ(lend_all(owner), 0U) << "others hold more meanwhile";
    EXPECT_EQ(lend_all(PeerId{4}), 1U);
    pools.gone(owner);
    EXPECT_GT(lend_all(PeerId{4}), half / 4);
}

TEST_F(PoolsTest, AnOwnerIsChargedForItsPoolsWhoKnowsThemAndWhatIsLentOfThem)
{
    EXPECT_EQ(pools.bytes(owner), 0U);
    announce(1);
    const std::size_t one = pools.bytes(owner);
    EXPECT_GT(one, 0U);
    announce(2);
    EXPECT_EQ(pools.bytes(owner), 2 * one);
    pools.introduce(owner, 1, PeerId{8'000});
    EXPECT_GE(pools.bytes(owner), 2 * one + 1'000) << "a bit each";
    pools.withdraw(owner, 1), pools.withdraw(owner, 2);
    EXPECT_EQ(pools.bytes(owner), 0U);
    const Place place{owner, 1, 64};
    pools.lend(place, bob), pools.lend(place, bob), pools.lend(place, eve);
    EXPECT_EQ(pools.bytes(owner), 3 * Pools::place_bytes) << "also when the pool is withdrawn";
    EXPECT_EQ(pools.bytes(bob), 0U);
    pools.give_back(place, eve);
    EXPECT_EQ(pools.bytes(owner), 2 * Pools::place_bytes);
    EXPECT_THAT(pools.gone(bob), ElementsAre(place, place));
    EXPECT_EQ(pools.bytes(owner), 0U);
    pools.lend(place, eve), pools.lend(place, owner);
    EXPECT_THAT(pools.gone(owner), IsEmpty()) << "what it holds of itself is nobody's to release";
    EXPECT_EQ(pools.bytes(owner), 0U);
}

} // namespace
} // namespace pandora::hub::core
