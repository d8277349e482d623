#include "hub/core/parking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>

namespace pandora::hub::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Parked call(std::uint32_t id, std::string body = "{}")
{
    return {.call = CallId{id}, .from = PeerId{7}, .flags = 0x40, .body = std::move(body), .packet = 100 + id};
}

class ParkingTest : public ::testing::Test {
protected:
    static wire::Limits small()
    {
        wire::Limits limits;
        limits.parked_calls_max = 3;
        limits.parked_bytes_max = 4 * Parked{}.bytes();
        return limits;
    }

    std::vector<CallId> taken(std::string_view process)
    {
        std::vector<Parked> calls{call(999)};
        parking.take(process, calls);
        std::vector<CallId> ids;
        for (const Parked& parked : calls) ids.push_back(parked.call);
        return ids;
    }

    /// False: there is no room.
    bool park(std::string_view process, Parked parked)
    {
        if (!parking.has_room(process, parked.bytes())) return false;
        parking.park(process, std::move(parked));
        return true;
    }

    Parking parking{small()};
};

TEST_F(ParkingTest, WhatIsParkedIsTakenTheOldestFirst)
{
    for (const std::uint32_t id : {5U, 3U, 4U}) ASSERT_TRUE(park("web", call(id)));
    ASSERT_TRUE(park("db", call(1)));
    EXPECT_THAT(taken("web"), ElementsAre(CallId{5}, CallId{3}, CallId{4}));
    EXPECT_THAT(taken("web"), IsEmpty()) << "once";
    EXPECT_THAT(taken("nobody"), IsEmpty());
    EXPECT_EQ(parking.size(), 1U);
    EXPECT_THAT(taken("db"), ElementsAre(CallId{1}));
    EXPECT_TRUE(parking.empty());
}

TEST_F(ParkingTest, ACallIsGivenBackAsItCame)
{
    const Parked as_it_came = call(1, R"({"action":"x"})");
    ASSERT_TRUE(park("web", Parked{as_it_came}));
    std::vector<Parked> calls;
    parking.take("web", calls);
    EXPECT_THAT(calls, ElementsAre(as_it_came));
}

TEST_F(ParkingTest, AProcessHasSoManyCallsWaitingAndNoMore)
{
    for (const std::uint32_t id : {1U, 2U, 3U}) ASSERT_TRUE(park("web", call(id)));
    EXPECT_FALSE(park("web", call(4)));
    EXPECT_TRUE(park("db", call(4))) << "another process has its own";
    EXPECT_GT(parking.remove(CallId{2}), 0U);
    EXPECT_TRUE(park("web", call(5)));
    EXPECT_THAT(taken("web"), ElementsAre(CallId{1}, CallId{3}, CallId{5}));
}

TEST_F(ParkingTest, AProcessHasSoManyBytesWaitingAndNoMore)
{
    const std::size_t most = 4 * Parked{}.bytes();
    EXPECT_FALSE(park("web", call(1, std::string(most - Parked{}.bytes() + 1, 'x'))));
    EXPECT_TRUE(parking.empty());
    EXPECT_TRUE(park("web", call(1, std::string(most - 2 * Parked{}.bytes(), 'x'))));
    EXPECT_FALSE(park("web", call(2, "x")));
    EXPECT_TRUE(park("web", call(3, "")));
    EXPECT_EQ(parking.bytes("web"), most);
}

TEST_F(ParkingTest, BytesAreChargedAsLongAsTheyWait)
{
    ASSERT_TRUE(park("web", call(1, "12345")));
    ASSERT_TRUE(park("web", call(2, "")));
    ASSERT_TRUE(park("db", call(3, "1")));
    EXPECT_EQ(parking.bytes("web"), 2 * Parked{}.bytes() + 5);
    EXPECT_EQ(parking.bytes("db"), Parked{}.bytes() + 1);
    EXPECT_EQ(parking.remove(CallId{1}), call(1, "12345").bytes());
    EXPECT_EQ(parking.remove(CallId{1}), 0U) << "once";
    EXPECT_EQ(parking.bytes("web"), Parked{}.bytes());
    taken("web");
    EXPECT_EQ(parking.bytes("web"), 0U);
    EXPECT_EQ(parking.remove(CallId{2}), 0U) << "it has been taken";
    EXPECT_EQ(parking.bytes("db"), Parked{}.bytes() + 1);
    EXPECT_GT(parking.remove(CallId{3}), 0U);
    EXPECT_EQ(parking.bytes("db"), 0U);
    EXPECT_TRUE(parking.empty());
}

TEST_F(ParkingTest, ANumberMayBeUsedAgain)
{
    ASSERT_TRUE(park("web", call(1)));
    taken("web");
    ASSERT_TRUE(park("db", call(1)));
    EXPECT_TRUE(parking.holds(CallId{1}));
    EXPECT_EQ(parking.size("web"), 0U);
    EXPECT_EQ(parking.size("db"), 1U);
}

} // namespace
} // namespace pandora::hub::core
