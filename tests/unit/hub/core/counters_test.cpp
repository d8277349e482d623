#include "hub/core/counters.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pandora::hub::core {
namespace {

using namespace std::chrono_literals;

template <class Enum, std::size_t count>
void expect_distinct_names()
{
    std::set<std::string> names;
    CounterSet<Enum, count>{}.each([&](Enum which, std::uint64_t) { names.emplace(name_of(which)); });
    EXPECT_EQ(names.size(), count);
    EXPECT_FALSE(names.contains(""));
    EXPECT_EQ(name_of(static_cast<Enum>(count)), "") << "the number of values is not that of the enumeration";
}

TEST(Counters, EveryReasonHasAName)
{
    expect_distinct_names<CallEnd, call_end_count>();
    expect_distinct_names<Drop, drop_count>();
    expect_distinct_names<Disconnect, disconnect_count>();
}

TEST(DurationHistogram, CountsUpToAndIncludingEachBound)
{
    DurationHistogram histogram;
    for (const auto duration : {0us, 100us, 101us, 2500us, 1'000'000us, 60'000'000us}) histogram.add(duration);
    const auto counts = histogram.cumulative();
    EXPECT_EQ(counts[0], 2U);  // 0.1 ms
    EXPECT_EQ(counts[1], 3U);  // 0.25 ms
    EXPECT_EQ(counts[4], 4U);  // 2.5 ms
    EXPECT_EQ(counts[12], 5U); // 1 s
    EXPECT_EQ(counts[15], 5U); // 10 s
    EXPECT_EQ(histogram.count(), 6U);
    EXPECT_NEAR(histogram.sum_seconds(), 61.002701, 1e-9);
}

} // namespace
} // namespace pandora::hub::core
