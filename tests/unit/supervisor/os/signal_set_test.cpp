#include "supervisor/os/signal_set.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace pandora::supervisor::os {
namespace {

TEST(SignalSet, HoldsTheFirstAndTheLastSignal)
{
    SignalSet set;
    set.add(1);
    set.add(signal_max);
    EXPECT_TRUE(set.contains(1));
    EXPECT_TRUE(set.contains(signal_max));
    EXPECT_FALSE(set.contains(2));
    EXPECT_TRUE(SignalSet::all().contains(33));
}

TEST(SignalSet, KnowsWhatIsIgnoredNow)
{
    const auto before = std::signal(SIGUSR2, SIG_IGN);
    EXPECT_TRUE(ignored_signals().contains(SIGUSR2));
    std::signal(SIGUSR2, SIG_DFL);
    EXPECT_FALSE(ignored_signals().contains(SIGUSR2));
    std::signal(SIGUSR2, before);
}

} // namespace
} // namespace pandora::supervisor::os
