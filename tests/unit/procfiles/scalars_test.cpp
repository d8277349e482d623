#include "procfiles/scalars.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace pandora::procfiles {
namespace {

using namespace std::chrono_literals;

TEST(Scalars, DurationsTakeUnitsAndBareNumbersAreSeconds)
{
    struct Row {
        std::string_view text;
        std::optional<Millis> want;
    };

    for (const auto& [text, want] : {
             Row{"200ms", 200ms},
             Row{"1.5s", 1500ms},
             Row{"2m", 120s},
             Row{"1h30m", 90min},
             Row{"1d", 24h},
             Row{"1m30s500ms", 90'500ms},
             Row{"10", 10s},
             Row{"0.25", 250ms},
             Row{"0", 0ms},
             Row{"0ms", 0ms},
             Row{"365d", 24h * 365},
             Row{"366d", std::nullopt},
             Row{"", std::nullopt},
             Row{"ms", std::nullopt},
             Row{"1x", std::nullopt},
             Row{"-1s", std::nullopt},
             Row{"+1s", std::nullopt},
             Row{"1 s", std::nullopt},
             Row{"1m30", std::nullopt},
             Row{".5s", std::nullopt},
             Row{"1.s", std::nullopt},
             Row{"1e3", std::nullopt},
             Row{"inf", std::nullopt},
             Row{"nan", std::nullopt},
             Row{"0x10", std::nullopt},
             Row{"0.2ms", std::nullopt},
             Row{"1S", std::nullopt},
             Row{"1s ", std::nullopt},
             Row{"99999999999999999999999s", std::nullopt},
         })
        EXPECT_EQ(parse_duration(text), want) << text;
}

TEST(Scalars, SizesTakeDecimalAndBinaryUnits)
{
    struct Row {
        std::string_view text;
        std::optional<std::uint64_t> want;
    };

    for (const auto& [text, want] : {
             Row{"4096", 4096},
             Row{"16MiB", 16 * 1024 * 1024},
             Row{"1MB", 1'000'000},
             Row{"1kB", 1000},
             Row{"64KiB", 65'536},
             Row{"1gib", 1024 * 1024 * 1024},
             Row{"1.5KiB", 1536},
             Row{"10B", 10},
             Row{"1GB", 1'000'000'000},
             Row{"", std::nullopt},
             Row{"MiB", std::nullopt},
             Row{"1M", std::nullopt},
             Row{"-1", std::nullopt},
             Row{"1 MiB", std::nullopt},
             Row{"9999999GiB", std::nullopt},
         })
        EXPECT_EQ(parse_size(text), want) << text;
}

TEST(Scalars, CountsAreWholeDecimalNumbers)
{
    EXPECT_EQ(parse_count("0"), 0U);
    EXPECT_EQ(parse_count("017"), 17U);
    EXPECT_EQ(parse_count("18446744073709551615"), 18'446'744'073'709'551'615U);
    for (const std::string_view text : {"", "-1", "+1", "1.0", "0x1", "1 ", " 1", "18446744073709551616"})
        EXPECT_EQ(parse_count(text), std::nullopt) << text;
}

TEST(Scalars, NumbersHaveNoSignAndNoExponent)
{
    EXPECT_EQ(parse_number("1.5"), 1.5);
    EXPECT_EQ(parse_number("2"), 2.0);
    for (const std::string_view text : {"", "-1", "1e5", "nan", "1.5x", "1."})
        EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

TEST(Scalars, SwitchesTakeTheWordsOfYaml11)
{
    for (const std::string_view text : {"true", "True", "TRUE", "yes", "on"})
        EXPECT_EQ(parse_switch(text), true) << text;
    for (const std::string_view text : {"false", "no", "NO", "off"}) EXPECT_EQ(parse_switch(text), false) << text;
    for (const std::string_view text : {"", "1", "y", "truee"}) EXPECT_EQ(parse_switch(text), std::nullopt) << text;
}

TEST(Scalars, SignalsTakeNumbersAndNames)
{
    struct Row {
        std::string_view text;
        std::optional<int> want;
    };

    for (const auto& [text, want] : {
             Row{"SIGTERM", SIGTERM},
             Row{"TERM", SIGTERM},
             Row{"sigint", SIGINT},
             Row{"Hup", SIGHUP},
             Row{"usr1", SIGUSR1},
             Row{"SIGWINCH", SIGWINCH},
             Row{"1", 1},
             Row{"64", 64},
             Row{"0", std::nullopt},
             Row{"65", std::nullopt},
             Row{"", std::nullopt},
             Row{"SIG", std::nullopt},
             Row{"-9", std::nullopt},
             Row{"RTMIN", std::nullopt},
             Row{"SIGSIGTERM", std::nullopt},
         })
        EXPECT_EQ(parse_signal(text), want) << text;
}

TEST(Scalars, EndpointsDefaultToTheLoopbackAddress)
{
    struct Row {
        std::string_view text;
        std::optional<Endpoint> want;
    };

    for (const auto& [text, want] : {
             Row{"127.0.0.1:7002", Endpoint{"127.0.0.1", 7002}},
             Row{"[::1]:7002", Endpoint{"::1", 7002}},
             Row{"[::ffff:1.2.3.4]:1", Endpoint{"::ffff:1.2.3.4", 1}},
             Row{"localhost:80", Endpoint{"localhost", 80}},
             Row{":7002", Endpoint{"127.0.0.1", 7002}},
             Row{"7002", Endpoint{"127.0.0.1", 7002}},
             Row{"0", Endpoint{"127.0.0.1", 0}},
             Row{"0.0.0.0:65535", Endpoint{"0.0.0.0", 65535}},
             Row{"0.0.0.0:65536", std::nullopt},
             Row{"::1:7002", std::nullopt},
             Row{"[::1]", std::nullopt},
             Row{"[]:80", std::nullopt},
             Row{"[localhost]:80", std::nullopt},
             Row{"host", std::nullopt},
             Row{"host:", std::nullopt},
             Row{"a b:80", std::nullopt},
             Row{"", std::nullopt},
         })
        EXPECT_EQ(parse_endpoint(text), want) << text;
}

} // namespace
} // namespace pandora::procfiles
