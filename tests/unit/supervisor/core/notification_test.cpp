#include "supervisor/core/notification.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

TEST(Notification, ReadsEachAssignment)
{
    struct Row {
        std::string_view text;
        Notification want;
    };

    const Row rows[] = {
        {"READY=1", {.ready = true}},
        {"READY=1\n", {.ready = true}},
        {"STOPPING=1", {.stopping = true}},
        {"RELOADING=1\nMONOTONIC_USEC=1500", {.reloading = true, .monotonic = 1500us}},
        {"STATUS=warming up", {.status = "warming up"}},
        {"STATUS=", {.status = ""}},
        {"STATUS=a=b", {.status = "a=b"}},
        {"MAINPID=42", {.main_pid = 42}},
        {"MAINPID=2147483647", {.main_pid = 2147483647}},
        {"WATCHDOG=1", {.watchdog = Heartbeat::alive}},
        {"WATCHDOG=trigger", {.watchdog = Heartbeat::trigger}},
        {"WATCHDOG_USEC=20000000", {.watchdog_period = 20s}},
        {"WATCHDOG_USEC=0", {.watchdog_period = 0us}},
        {"EXTEND_TIMEOUT_USEC=500", {.extend_timeout = 500us}},
        {"ERRNO=2", {.error_number = 2}},
        {"BARRIER=1", {.barrier = true}},
        {"READY=1\nSTATUS=serving\nMAINPID=7", {.ready = true, .status = "serving", .main_pid = 7}},
    };
    for (const auto& [text, want] : rows) EXPECT_EQ(parse_notification(text), want) << text;
}

TEST(Notification, PassesOverWhatItDoesNotKnow)
{
    for (const auto* text :
         {"FDSTORE=1\nFDNAME=socket", "X_MINE=anything", "FDPOLL=0", "BUSERROR=org.a.b", "\n\n", "A="})
        EXPECT_EQ(parse_notification(text), Notification{}) << text;
    EXPECT_TRUE(parse_notification("FDSTORE=1\nREADY=1").ready);
}

TEST(Notification, TheFirstLineOfANameCounts)
{
    EXPECT_EQ(parse_notification("STATUS=one\nSTATUS=two"), (Notification{.status = "one"}));
    EXPECT_EQ(parse_notification("MAINPID=1\nMAINPID=2"), (Notification{.main_pid = 1}));
}

TEST(Notification, LongDurationsAreForEver)
{
    EXPECT_EQ(parse_notification("WATCHDOG_USEC=18446744073709551615").watchdog_period, notified_duration_max);
    // What makes it usable: it can be added to any time of a monotonic clock.
    const std::chrono::nanoseconds in_nanoseconds = notified_duration_max;
    EXPECT_LT(in_nanoseconds, std::chrono::nanoseconds::max() / 2);
}

TEST(Notification, AValueThatMakesNoSenseIsNamedAndTheRestCounts)
{
    for (const auto* line :
         {"READY=yes", "READY=", "READY=0", "MAINPID=0", "MAINPID=-3", "MAINPID=2147483648", "MAINPID=4x", "MAINPID= 4",
          "MAINPID=", "WATCHDOG=2", "WATCHDOG_USEC=1.5", "WATCHDOG_USEC=-0", "EXTEND_TIMEOUT_USEC=18446744073709551616",
          "ERRNO=ENOENT", "ERRNO=-2", "no assignment"}) {
        const auto said = parse_notification(line + "\nSTOPPING=1"s);
        EXPECT_EQ(said, (Notification{.stopping = true, .complaint = "`"s + line + "` makes no sense"})) << line;
    }
    EXPECT_EQ(parse_notification("ERRNO=x\nERRNO=y").complaint, "`ERRNO=x` makes no sense");
    EXPECT_EQ(parse_notification("ERRNO=" + std::string(100, 'x')).complaint,
              "`ERRNO=" + std::string(54, 'x') + "...` makes no sense");
}

TEST(Notification, RefusesADatagramThatIsNoText)
{
    EXPECT_EQ(parse_notification(""), (Notification{.complaint = "it is empty"}));
    EXPECT_EQ(parse_notification("\0\0"s), (Notification{.complaint = "it is empty"}));
    EXPECT_EQ(parse_notification("READY=1\0STOPPING=1"s), (Notification{.complaint = "there is a zero byte in it"}));
    EXPECT_EQ(parse_notification("READY=1\0"s), (Notification{.ready = true}));
    EXPECT_EQ(parse_notification("READY=1\n" + std::string(4089, 'x')),
              (Notification{.complaint = "it is longer than 4096 bytes"}));
}

TEST(Notification, AStatusIsTextThatATerminalCanShow)
{
    EXPECT_EQ(parse_notification("STATUS=grün \U0001f600").status, "grün \U0001f600");
    EXPECT_EQ(parse_notification("STATUS=\x1b[31mred\x7f\r").status, " [31mred  ");
    EXPECT_EQ(parse_notification("STATUS=a\xc2\x9b"
                                 "31m")
                  .status,
              "a 31m"); // C1: an escape sequence's beginning in one character
    for (const auto* bad : {"\xff", "\xc3", "\xe2\x82", "\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3(",
                            "\xf8\x88\x80\x80\x80", "\xe0\x80\xaf"}) {
        const auto said = parse_notification("STATUS="s + bad);
        EXPECT_EQ(said.status, std::nullopt);
        EXPECT_TRUE(said.complaint.has_value());
    }
    EXPECT_EQ(parse_notification("STATUS=\xff\x1b").complaint, "`STATUS=??` makes no sense");
}

} // namespace
} // namespace pandora::supervisor::core
