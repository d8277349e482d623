#include "supervisor/logs/losses.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::logs {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime start{};

TEST(Losses, AreToldOnceAndCountedUpWhenTheyAreOver)
{
    Losses losses{"/a.log"};
    EXPECT_FALSE(losses.over());
    EXPECT_EQ(losses.lost(1, 10, "disk full", start), "/a.log: disk full; lines are dropped until it works again");
    EXPECT_FALSE(losses.lost(2, 20, "disk full", start));
    EXPECT_TRUE(losses.going_on());
    EXPECT_EQ(losses.over(), "/a.log: works again; dropped 3 lines (30 bytes)");
    EXPECT_FALSE(losses.over());
    EXPECT_TRUE(losses.lost(1, 5, "disk full", start)) << "a new one";
    EXPECT_EQ(losses.over(), "/a.log: works again; dropped 1 line (5 bytes)");
}

TEST(Losses, AreOverAfterAQuietTime)
{
    Losses losses{"/a.log"};
    losses.lost(1, 1, "slow", start);
    EXPECT_FALSE(losses.over_after(5s, start + 4s));
    losses.lost(1, 1, "slow", start + 4s);
    EXPECT_FALSE(losses.over_after(5s, start + 8s));
    EXPECT_TRUE(losses.over_after(5s, start + 9s));
}

} // namespace
} // namespace pandora::supervisor::logs
