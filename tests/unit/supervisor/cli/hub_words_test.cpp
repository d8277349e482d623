#include "supervisor/cli/hub_words.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::cli {
namespace {

using namespace std::chrono_literals;

TEST(Argument, IsJsonWhereItIsJsonAndElseATextAsItStands)
{
    for (const auto& [word, want] : {std::pair{"7", "7"},
                                     {"-1.5e3", "-1500.0"},
                                     {"null", "null"},
                                     {"true", "true"},
                                     {"\"7\"", "\"7\""},
                                     {R"({"a":[1]})", R"({"a":[1]})"},
                                     {" [1] ", "[1]"},
                                     {"blue", "\"blue\""},
                                     {"", "\"\""},
                                     {"two words", "\"two words\""},
                                     {"nullx", "\"nullx\""},
                                     {"007", "\"007\""},
                                     {"3.", "\"3.\""}})
        EXPECT_EQ(argument(word).dump(), want) << word;
}

TEST(Argument, WhatBeginsLikeJsonAndIsNoneIsAMistakeRatherThanAText)
{
    for (const char* word : {"{a:1}", "[1,", "\"open", "{", "  {\"a\"}", "1e999", "[1e999]"})
        EXPECT_THROW(argument(word), BadWords) << word;
}

TEST(ArgumentArray, TakesAnArrayAndNothingElse)
{
    EXPECT_EQ(argument_array(R"([1,"two"])").dump(), R"([1,"two"])");
    for (const char* text : {"1", "{}", "", "[1", "a", "[1e999]"}) EXPECT_THROW(argument_array(text), BadWords) << text;
}

TEST(MethodCommandWord, IsCutAtTheFirstEqualsSign)
{
    EXPECT_EQ(method_command("now=date +%s"), (MethodCommand{"now", "date +%s"}));
    EXPECT_EQ(method_command("set=X=1 env"), (MethodCommand{"set", "X=1 env"}));
    for (const char* text : {"now", "=date", "now=", ""}) EXPECT_THROW(method_command(text), BadWords) << text;
}

TEST(CommandResult, IsJsonElseTheTextWithoutItsLastNewline)
{
    for (const auto& [output, want] : {std::pair{"", "null"},
                                       {"7\n", "7"},
                                       {"{\"a\": 1}\n", "{\"a\":1}"},
                                       {"Mon Jan 1\n", "\"Mon Jan 1\""},
                                       {"a\nb\n\n", "\"a\\nb\\n\""},
                                       {"{broken", "\"{broken\""},
                                       {"\n", "\"\""},
                                       {"1e999", "\"1e999\""}})
        EXPECT_EQ(command_result(output).dump(), want) << output;
}

TEST(WhichProcessWord, HasAnInstanceOnlyWhereDigitsFollowTheLastSlash)
{
    EXPECT_EQ(which_process("web"), (WhichProcess{"web", ""}));
    EXPECT_EQ(which_process("web/12"), (WhichProcess{"web", "12"}));
    EXPECT_EQ(which_process("team/web"), (WhichProcess{"team/web", ""}));
    EXPECT_EQ(which_process("web/"), (WhichProcess{"web/", ""}));
}

TEST(DurationWord, LiesBetweenAMillisecondAndADay)
{
    EXPECT_EQ(duration_word("500ms"), 500ms);
    EXPECT_EQ(duration_word("3"), 3s);
    EXPECT_EQ(duration_word("24h"), 24h);
    for (const char* text : {"0", "25h", "soon", "-1s", ""}) EXPECT_THROW(duration_word(text), BadWords) << text;
}

TEST(SizeWord, TakesUnits)
{
    EXPECT_EQ(size_word("64KiB"), 65'536u);
    EXPECT_THROW(size_word("much"), BadWords);
}

} // namespace
} // namespace pandora::supervisor::cli
