#include "hub/core/calls.hpp"

#include <gtest/gtest.h>

namespace pandora::hub::core {
namespace {

constexpr PeerId caller{0}, callee{1}, other{2};

Call call_of(PeerId from, std::uint32_t packet)
{
    Call call;
    call.caller = from;
    call.packet = packet;
    return call;
}

TEST(CallTable, FindsALegOnlyByTheConnectionThatOwesItAndItsNumber)
{
    CallTable table;
    const CallId call = table.open(call_of(caller, 9));
    const LegId leg = table.add_leg(call, callee, 4);
    EXPECT_EQ(table.find(callee, 4), leg);
    EXPECT_EQ(table.find(other, 4), std::nullopt);
    EXPECT_EQ(table.find(callee, 9), std::nullopt);
    EXPECT_EQ(table[leg].call, call);
    table.close(call);
    EXPECT_EQ(table.find(callee, 4), std::nullopt);
}

TEST(CallTable, CountsWhatIsOutstandingAtBothEnds)
{
    CallTable table;
    const CallId one = table.open(call_of(caller, 1));
    table.add_leg(one, callee, 1);
    const CallId all = table.open(call_of(caller, 2));
    const LegId first = table.add_leg(all, callee, 2);
    table.add_leg(all, other, 1);
    EXPECT_EQ(table.in_flight_from(caller), 3U);
    EXPECT_EQ(table.outstanding_at(callee), 2U);
    EXPECT_EQ(table.outstanding_at(other), 1U);
    EXPECT_EQ(table.size(), 2U);
    table.close_leg(first);
    EXPECT_EQ(table[all].legs, 1U);
    EXPECT_EQ(table.in_flight_from(caller), 2U);
    table.close(all);
    table.close(one);
    EXPECT_EQ(table.in_flight_from(caller), 0U);
    EXPECT_EQ(table.outstanding_at(callee), 0U);
    EXPECT_EQ(table.outstanding_at(PeerId{99}), 0U);
    EXPECT_EQ(table.size(), 0U);
}

TEST(CallTable, ListsEverythingOfAConnectionUntilNothingIsLeft)
{
    CallTable table;
    for (std::uint32_t i = 1; i <= 10; ++i) table.add_leg(table.open(call_of(caller, i)), i % 2 ? callee : other, i);
    table.add_leg(table.open(call_of(other, 1)), caller, 1);

    int legs = 0;
    for (; const auto leg = table.any_leg_of(callee); ++legs) {
        EXPECT_EQ(table[*leg].callee, callee);
        table.close(table[*leg].call);
    }
    EXPECT_EQ(legs, 5);
    int calls = 0;
    for (; const auto call = table.any_call_of(caller); ++calls) table.close(*call);
    EXPECT_EQ(calls, 5);
    EXPECT_EQ(table.size(), 1U);
    EXPECT_TRUE(table.any_call_of(other));
    EXPECT_TRUE(table.any_leg_of(caller));
}

TEST(CallTable, UsesSlotsAgainWithoutMixingThemUp)
{
    CallTable table;
    for (std::uint32_t round = 1; round <= 1000; ++round) {
        const CallId kept = table.open(call_of(caller, round));
        const CallId closed = table.open(call_of(other, round));
        table.add_leg(closed, callee, round);
        const LegId leg = table.add_leg(kept, callee, round + 10'000);
        table.close(closed);
        ASSERT_LT(static_cast<std::uint32_t>(kept), 2U) << "slots are not used again";
        ASSERT_EQ(table.find(callee, round + 10'000), leg);
        ASSERT_EQ(table[table[leg].call].packet, round);
        table.close(kept);
    }
}

} // namespace
} // namespace pandora::hub::core
