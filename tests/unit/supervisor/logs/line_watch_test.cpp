#include "supervisor/logs/line_watch.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::supervisor::logs {
namespace {

bool sees(const std::string& pattern, std::string_view text)
{
    return LineWatch{pattern, [] {}}.look(text);
}

TEST(LineWatch, FindsTextOrARegularExpression)
{
    struct Row {
        const char* pattern;
        std::string_view text;
        bool want;
    };

    const Row rows[] = {
        {"ready", "starting\nI am ready now\n", true},
        {"ready", "starting\n", false},
        {"listening on .*:[0-9]+$", "listening on 0.0.0.0:80\nmore\n", true},
        {"listening on .*:[0-9]+$", "listening on nothing\n", false},
        {"^up", "it is up\n", false},
        {"^up", "no\nup and running\n", true},
        {"up$", "now up\r\n", true},          // without the carriage return
        {"[ready", "state: [ready]\n", true}, // no expression, but text
        {"[ready", "state: ready\n", false},
        {"a.c", "a.c\n", true},
        {"prompt> $", "prompt> ", true},  // without a newline
        {"one.two", "one\ntwo\n", false}, // a line at a time
    };
    for (const auto& [pattern, text, want] : rows) EXPECT_EQ(sees(pattern, text), want) << pattern << " in " << text;
}

TEST(LineWatch, CallsOnceForAllItsCopies)
{
    int calls = 0;
    const LineWatch out{"ready", [&] { ++calls; }};
    const LineWatch err = out;
    EXPECT_FALSE(out.look("starting\n"));
    EXPECT_EQ(calls, 0);
    EXPECT_TRUE(err.look("ready\nready\n"));
    EXPECT_TRUE(out.look("ready\n"));
    EXPECT_TRUE(out.look("whatever comes now\n"));
    EXPECT_EQ(calls, 1);
}

TEST(LineWatch, TakesLinearTimeWhateverThePattern)
{
    // Backtracking would take longer than the universe has lasted.
    EXPECT_FALSE(sees("^(a|aa)+$", std::string(16'000, 'a') + "b\n"));
    EXPECT_FALSE(sees("(((((x*)*)*)*)*)*y", std::string(16'000, 'x') + "\n"));
}

} // namespace
} // namespace pandora::supervisor::logs
