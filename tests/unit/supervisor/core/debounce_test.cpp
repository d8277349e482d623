#include "supervisor/core/debounce.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;

const TimePoint start{1h};

TEST(Debounce, TellsTheFirstReportOnceItHasBeenQuiet)
{
    Debounce<std::string> debounce{300ms};
    EXPECT_EQ(debounce.due(), std::nullopt);
    EXPECT_EQ(debounce.take(start), std::nullopt);

    debounce.add("a", start);
    debounce.add("b", start + 200ms);
    EXPECT_EQ(debounce.due(), start + 500ms);
    EXPECT_EQ(debounce.take(start + 499ms), std::nullopt);
    EXPECT_EQ(debounce.take(start + 500ms), "a");
    EXPECT_EQ(debounce.take(start + 501ms), std::nullopt);
}

TEST(Debounce, StartsAnewAfterItHasTold)
{
    Debounce<std::string> debounce{300ms};
    debounce.add("a", start);
    ASSERT_EQ(debounce.take(start + 300ms), "a");
    debounce.add("b", start + 1s);
    EXPECT_EQ(debounce.take(start + 1299ms), std::nullopt);
    EXPECT_EQ(debounce.take(start + 1300ms), "b");
}

TEST(Debounce, WithoutAQuietTimeIsDueAtOnce)
{
    Debounce<std::string> debounce{0ms};
    debounce.add("a", start);
    EXPECT_EQ(debounce.take(start), "a");
}

} // namespace
} // namespace pandora::supervisor::core
