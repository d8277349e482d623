#include "hub/client/cpp/own_pools.hpp"
#include "tests/unit/hub/client/cpp/heap_source.hpp"

#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

using Place = wire::SharedPlace;

class OwnPoolsTest : public testing::Test {
protected:
    std::shared_ptr<HeapSource> source = std::make_shared<HeapSource>();
    OwnPools pools{source};
    const std::string large = std::string(pool_bytes, 'x');
};

TEST_F(OwnPoolsTest, MakeTheirMemoryWithTheFirstPayloadAndTellItOnce)
{
    EXPECT_EQ(source->made, 0);
    EXPECT_EQ(pools.put("abc"), (Place{.pool = 1, .offset = 0, .length = 3}));
    EXPECT_EQ(pools.put("de"), (Place{.pool = 1, .offset = 4096, .length = 2}));
    const auto told = pools.take_announcements();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].pool, 1U);
    EXPECT_EQ(told[0].bytes, pool_bytes);
    EXPECT_TRUE(told[0].fd);
    EXPECT_FALSE(pools.has_announcements());
}

TEST_F(OwnPoolsTest, UseAPlaceAgainOnceItIsReleased)
{
    const auto first = pools.put("abc");
    pools.put("de");
    pools.released(1, 4096 * 7); // nobody has it
    pools.released(9, 0);
    pools.released(first->pool, first->offset);
    EXPECT_EQ(pools.put("f"), (Place{.pool = 1, .offset = 0, .length = 1}));
}

TEST_F(OwnPoolsTest, AreAtMostFour)
{
    for (std::uint32_t i = 1; i <= wire::pools_of_client_max; ++i) EXPECT_EQ(pools.put(large)->pool, i);
    EXPECT_EQ(pools.put("x"), std::nullopt);
    pools.released(3, 0);
    EXPECT_EQ(pools.put("x")->pool, 3U);
}

TEST_F(OwnPoolsTest, AreAsLargeAsOnePayloadNeeds)
{
    EXPECT_EQ(pools.put(large + "x")->pool, 1U);
    EXPECT_EQ(pools.take_announcements().at(0).bytes, pool_bytes + 4096);
    EXPECT_EQ(pools.put(std::string(wire::pool_bytes_max + 1, 'x')), std::nullopt);
    EXPECT_EQ(pools.put(""), std::nullopt);
}

TEST_F(OwnPoolsTest, GiveWayToALargerOneWhereOneIsTooSmallAndNobodyUsesIt)
{
    const std::string larger = large + "x";
    for (std::size_t i = 0; i < wire::pools_of_client_max; ++i) pools.put(large);
    pools.take_announcements();
    EXPECT_EQ(pools.put(larger), std::nullopt) << "all are in use";
    EXPECT_EQ(source->made, 4);
    EXPECT_FALSE(pools.has_announcements());
    pools.released(2, 0);
    EXPECT_EQ(pools.put(larger), (Place{.pool = 5, .offset = 0, .length = pool_bytes + 1}));
    const auto told = pools.take_announcements();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0].pool, 2U);
    EXPECT_EQ(told[0].bytes, 0U) << "it is no more";
    EXPECT_FALSE(told[0].fd);
    EXPECT_EQ(told[1].pool, 5U);
    EXPECT_EQ(told[1].bytes, pool_bytes + 4096);
    pools.released(2, 0);
    EXPECT_EQ(pools.put(larger), std::nullopt) << "a release that comes too late is of no other pool";
    pools.released(5, 0);
    EXPECT_EQ(pools.put(larger)->pool, 5U);
}

TEST_F(OwnPoolsTest, GiveAPlaceBackThatThereIsNoMemoryBehind)
{
    const auto first = pools.put("abc");
    source->has_memory = false;
    EXPECT_EQ(pools.put("de"), std::nullopt);
    pools.released(first->pool, first->offset);
    EXPECT_EQ(pools.put("fgh"), first) << "behind this one there is some";
    source->has_memory = true;
    EXPECT_EQ(pools.put("i"), (Place{.pool = 1, .offset = 4096, .length = 1}));
    EXPECT_EQ(source->made, 1);
}

TEST_F(OwnPoolsTest, ReserveWhatTheyWriteToWithoutGapsAndOnce)
{
    const auto reserved = [&] {
        EXPECT_EQ(source->reserved.size(), 1U);
        return source->reserved.begin()->second;
    };
    pools.put("abc");
    EXPECT_EQ(reserved(), 3U);
    const auto second = pools.put("de");
    EXPECT_EQ(reserved(), 4098U);
    pools.put(std::string(10'000, 'x'));
    EXPECT_EQ(reserved(), 18'192U);
    pools.released(second->pool, second->offset);
    EXPECT_TRUE(pools.put("fgh"));
    EXPECT_EQ(reserved(), 18'192U);
}

TEST_F(OwnPoolsTest, AreNoMoreWhereTheHubKeepsNoMoreButThoseThatItKeeps)
{
    pools.put(large);
    pools.put("x");
    pools.take_announcements();
    EXPECT_TRUE(pools.can_hold(wire::pool_bytes_max));
    pools.refused(2);
    EXPECT_EQ(pools.put("y"), std::nullopt) << "there is no room in the one that is left";
    EXPECT_EQ(source->made, 2);
    EXPECT_FALSE(pools.has_announcements()) << "the hub knows";
    EXPECT_TRUE(pools.can_hold(pool_bytes)) << "later";
    EXPECT_FALSE(pools.can_hold(pool_bytes + 1));
    pools.released(2, 0);
    pools.released(1, 0);
    EXPECT_EQ(pools.put("y"), (Place{.pool = 1, .offset = 0, .length = 1}));
    pools.refused(1);
    EXPECT_FALSE(pools.can_hold(1));
}

TEST_F(OwnPoolsTest, TakeNothingWhereThereIsNoMemory)
{
    source->has_memory = false;
    EXPECT_EQ(pools.put("x"), std::nullopt);
    EXPECT_FALSE(pools.has_announcements());
    source->has_memory = true;
    EXPECT_TRUE(pools.put("x"));
}

} // namespace
} // namespace pandora::hub::client
