#include "procfiles/print_values.hpp"
#include "procfiles/scalars.hpp"

#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using namespace std::chrono_literals;

TEST(PrintValues, ADurationHasTheLargestUnitThatNeedsNoFraction)
{
    struct Row {
        Millis duration;
        const char* text;
    };

    for (const auto& [duration, text] : {Row{0ms, "0s"}, Row{1ms, "1ms"}, Row{1500ms, "1500ms"}, Row{2s, "2s"},
                                         Row{90s, "90s"}, Row{2min, "2m"}, Row{3h, "3h"}, Row{48h, "2d"}}) {
        EXPECT_EQ(duration_text(duration), text);
        EXPECT_EQ(parse_duration(text), duration);
    }
}

TEST(PrintValues, ASizeHasTheLargestUnitThatNeedsNoFraction)
{
    struct Row {
        std::uint64_t bytes;
        const char* text;
    };

    for (const auto& [bytes, text] : {Row{0, "0"}, Row{1000, "1000"}, Row{65'536, "64KiB"}, Row{50U << 20U, "50MiB"},
                                      Row{1ULL << 40U, "1024GiB"}}) {
        EXPECT_EQ(size_text(bytes), text);
        EXPECT_EQ(parse_size(text), bytes);
    }
}

TEST(PrintValues, ANumberIsReadAsTheSameNumber)
{
    for (const double number : {0.0, 0.1, 1.5, 2.0, 1.0 / 3.0, 999.999, 1e-9, 123456789.125})
        EXPECT_EQ(parse_number(number_text(number)), number) << number_text(number);
    EXPECT_EQ(number_text(0.1), "0.1");
    EXPECT_EQ(number_text(2.0), "2");
}

TEST(PrintValues, ASignalHasItsNameIfThereIsOne)
{
    EXPECT_EQ(signal_text(15), "SIGTERM");
    EXPECT_EQ(signal_text(40), "40");
    for (int signal = 1; signal <= 64; ++signal) EXPECT_EQ(parse_signal(signal_text(signal)), signal) << signal;
}

TEST(PrintValues, AnAddressKeepsItsHost)
{
    EXPECT_EQ(endpoint_text("127.0.0.1", 80), "127.0.0.1:80");
    EXPECT_EQ(endpoint_text("::1", 80), "[::1]:80");
}

TEST(PrintValues, ModesHaveFourDigits)
{
    EXPECT_EQ(octal_text(0), "0000");
    EXPECT_EQ(octal_text(022), "0022");
    EXPECT_EQ(octal_text(0666), "0666");
    EXPECT_EQ(octal_text(01777), "1777");
}

} // namespace
} // namespace pandora::procfiles
