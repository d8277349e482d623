#include "hub/core/calls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <limits>

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
    const LegId leg = table.add_leg(call, callee);
    const std::uint32_t packet = table[leg].packet;
    EXPECT_EQ(table.find(callee, packet), leg);
    EXPECT_EQ(table.find(other, packet), std::nullopt);
    EXPECT_EQ(table.find(callee, 9), std::nullopt);
    EXPECT_EQ(table[leg].call, call);
    table.close(call);
    EXPECT_EQ(table.find(callee, packet), std::nullopt);
}

TEST(CallTable, CountsWhatIsOutstandingAtBothEnds)
{
    CallTable table;
    const CallId one = table.open(call_of(caller, 1));
    table.add_leg(one, callee);
    const CallId all = table.open(call_of(caller, 2));
    const LegId first = table.add_leg(all, callee);
    table.add_leg(all, other);
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
    for (std::uint32_t i = 1; i <= 10; ++i) table.add_leg(table.open(call_of(caller, i)), i % 2 ? callee : other);
    table.add_leg(table.open(call_of(other, 1)), caller);

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
        const std::uint32_t past = table[table.add_leg(closed, callee)].packet;
        const LegId leg = table.add_leg(kept, callee);
        table.close(closed);
        ASSERT_LT(static_cast<std::uint32_t>(kept), 2U) << "slots are not used again";
        ASSERT_EQ(table.find(callee, past), std::nullopt);
        ASSERT_EQ(table.find(callee, table[leg].packet), leg);
        ASSERT_EQ(table[table[leg].call].packet, round);
        table.close(kept);
    }
}

TEST(CallTable, GivesNoPacketIdTwiceUntilAllHaveBeenGiven)
{
    CallTable table;
    const LegId old = table.add_leg(table.open(call_of(caller, 1)), callee);
    std::uint32_t last = table[old].packet;
    for (std::uint32_t round = 0; round < 100'000; ++round) {
        const CallId call = table.open(call_of(caller, 2));
        const std::uint32_t packet = table[table.add_leg(call, callee)].packet;
        ASSERT_GT(packet, last);
        last = packet;
        table.close(call);
    }
    EXPECT_EQ(table.find(callee, table[old].packet), old) << "an old call keeps its place";
    EXPECT_TRUE(table.was_given(callee, last));
    EXPECT_FALSE(table.was_given(callee, last + 1));
}

TEST(CallTable, FindsEachOfManyOpenLegs)
{
    CallTable table;
    std::vector<LegId> legs;
    for (std::uint32_t i = 0; i < 5'000; ++i) legs.push_back(table.add_leg(table.open(call_of(caller, i)), callee));
    for (const LegId leg : legs) ASSERT_EQ(table.find(callee, table[leg].packet), leg);
}

TEST(CallTable, CountsACallThatIsKeptElsewhereAsInFlight)
{
    CallTable table;
    const CallId call = table.open(call_of(caller, 1));
    table.keep(call, KeptBy::parking);
    EXPECT_EQ(table.in_flight_from(caller), 1U);
    table.take_back(call);
    table.add_leg(call, callee);
    EXPECT_EQ(table.in_flight_from(caller), 1U);
    table.close(call);
    EXPECT_EQ(table.in_flight_from(caller), 0U);
}

TEST(CallTable, FindsACallByItsCallersNumber)
{
    CallTable table;
    const CallId call = table.open(call_of(caller, 7));
    EXPECT_EQ(table.call_of(caller, 7), call);
    EXPECT_EQ(table.call_of(caller, 8), std::nullopt);
    EXPECT_EQ(table.call_of(other, 7), std::nullopt);
}

TEST(CallTable, FindsEachOfThousandsAndNoneThatHasEnded)
{
    CallTable table{20261122};
    std::vector<CallId> calls;
    for (std::uint32_t i = 0; i < 5'000; ++i) calls.push_back(table.open(call_of(i % 2 ? caller : other, i << 16)));
    for (std::uint32_t i = 0; i < 5'000; i += 3) table.close(calls[i]);
    for (std::uint32_t i = 0; i < 5'000; ++i) {
        const auto found = table.call_of(i % 2 ? caller : other, i << 16);
        EXPECT_EQ(found, i % 3 ? std::optional{calls[i]} : std::nullopt) << i;
    }
}

TEST(CallTable, OfTwoWithTheSameNumberFindsTheOtherWhenOneHasEnded)
{
    CallTable table;
    const CallId one = table.open(call_of(caller, 7)), two = table.open(call_of(caller, 7));
    table.close(two);
    EXPECT_EQ(table.call_of(caller, 7), one);
    table.close(one);
    EXPECT_EQ(table.call_of(caller, 7), std::nullopt);
}

TEST(CallTable, ANumberIsFoundAmongThousandsAsFastAsAmongAFew)
{
    const auto time = [](std::uint32_t calls) { // of the processor, the best of several
        CallTable table;
        for (std::uint32_t i = 0; i < calls; ++i) table.open(call_of(caller, i));
        std::clock_t best = std::numeric_limits<std::clock_t>::max();
        for (int round = 0; round < 5; ++round) {
            const std::clock_t begin = std::clock();
            std::size_t found = 0;
            for (std::uint32_t i = 0; i < 20'000; ++i) found += table.call_of(caller, 1'000'000 + i).has_value();
            EXPECT_EQ(found, 0U);
            best = std::min(best, std::clock() - begin);
        }
        return std::max<std::clock_t>(best, 1);
    };
    EXPECT_LT(time(4'096), 50 * time(16)) << "a search would take 256 times as long";
}

} // namespace
} // namespace pandora::hub::core
