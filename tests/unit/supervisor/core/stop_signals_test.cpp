#include "supervisor/core/stop_signals.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using Wish = StopSignals::Wish;

const TimePoint start{1h};

TEST(StopSignals, TheFirstAsksForGraceAndTheSecondForNone)
{
    StopSignals signals;
    EXPECT_FALSE(signals.any());
    EXPECT_EQ(signals.heard(SIGTERM, start), Wish::gracefully);
    EXPECT_TRUE(signals.any());
    EXPECT_FALSE(signals.at_once());
    EXPECT_EQ(signals.heard(SIGINT, start + 1s), Wish::at_once);
    EXPECT_TRUE(signals.at_once());
    EXPECT_EQ(signals.heard(SIGINT, start + 1s), Wish::at_once);
}

TEST(StopSignals, AnEchoOfTheFirstIsNoSecond)
{
    StopSignals signals;
    signals.heard(SIGTERM, start);
    EXPECT_EQ(signals.heard(SIGTERM, start), Wish::nothing_new);
    EXPECT_EQ(signals.heard(SIGTERM, start + 99ms), Wish::nothing_new);
    EXPECT_FALSE(signals.at_once());
    EXPECT_EQ(signals.heard(SIGTERM, start + 100ms), Wish::at_once);
}

TEST(StopSignals, AClosedTerminalDoesNotHurry)
{
    StopSignals signals;
    EXPECT_EQ(signals.heard(SIGHUP, start), Wish::gracefully);
    EXPECT_EQ(signals.heard(SIGHUP, start + 1h), Wish::nothing_new);
    EXPECT_EQ(signals.heard(SIGTERM, start + 1h), Wish::at_once);
}

} // namespace
} // namespace pandora::supervisor::core
