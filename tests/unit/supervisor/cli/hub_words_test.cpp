#include "supervisor/cli/hub_words.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

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

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Argument, WhatWouldNotArriveAsItStandsIsAMistake)
{
    for (const auto& word :
         {nested(501), nested(1'000'000), "{\"a\":" + nested(500) + "}", std::string{"18446744073709551616"},
          std::string{"[-9223372036854775809]"}, std::string{"caf\xe9"}, std::string{"\"\\ud800\""}}) {
        EXPECT_THROW(argument(word), BadWords) << word.substr(0, 80);
        EXPECT_THROW(argument_array("[" + word + "]"), BadWords) << word.substr(0, 80);
    }
    EXPECT_EQ(argument("18446744073709551615").dump(), "18446744073709551615");
    EXPECT_EQ(argument("1e19").dump(), "1e+19") << "who writes a fraction or an exponent has a double in mind";
    EXPECT_EQ(argument(nested(500)).dump(), nested(500));
    EXPECT_EQ(argument("18446744073709551616 apples").dump(), "\"18446744073709551616 apples\"");
    EXPECT_EQ(argument("caf\xc3\xa9"), Json("caf\xc3\xa9"));
}

TEST(Argument, AMessageAboutALongWordShowsItsBeginning)
{
    try {
        argument(nested(100'000));
        FAIL();
    } catch (const BadWords& bad) {
        EXPECT_LT(std::string{bad.what()}.size(), 200u);
        EXPECT_NE(std::string{bad.what()}.find("nests deeper than 500"), std::string::npos) << bad.what();
    }
}

TEST(TextArgument, IsTheWordAsItStandsIfItIsUtf8)
{
    EXPECT_EQ(text_argument("{"), Json("{"));
    EXPECT_EQ(text_argument(""), Json(""));
    EXPECT_THROW(text_argument("\xff"), BadWords);
}

TEST(Names, AreNeitherEmptyNorBytesThatAreNoText)
{
    EXPECT_EQ(flaw_of_name("store"), "");
    EXPECT_NE(flaw_of_name(""), "");
    EXPECT_NE(flaw_of_name("\xff"), "");
}

TEST(Names, ThatArePandorasOwnArePublishedByNobodyElse)
{
    EXPECT_EQ(flaw_of_object("store"), "");
    EXPECT_EQ(flaw_of_object("pandora"), "");
    EXPECT_EQ(flaw_of_object("__PANDORA_HUB_CONFIG_MANAGER"), "") << "applications may have their own";
    for (const char* name : {"pandora.hub", "pandora.supervisor", "pandora.metrics"})
        EXPECT_NE(flaw_of_object(name), "") << name;
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

TEST(MethodCommands, AreOneForEachMethod)
{
    EXPECT_EQ(method_commands({"now=date", "up=uptime"}),
              (std::vector<MethodCommand>{{"now", "date"}, {"up", "uptime"}}));
    EXPECT_THROW(method_commands({"a=x", "b=x", "a=y"}), BadWords);
}

TEST(CommandResult, IsJsonElseTheTextWithoutItsLastNewline)
{
    for (const auto& [output, want] : {std::pair{"", "null"},
                                       {"7\n", "7"},
                                       {"{\"a\": 1}\n", "{\"a\":1}"},
                                       {"Mon Jan 1\n", "\"Mon Jan 1\""},
                                       {"a\nb\n\n", "\"a\\nb\\n\""},
                                       {"{broken", "\"{broken\""},
                                       {"[[broken", "\"[[broken\""},
                                       {"\n", "\"\""},
                                       {"1e999", "\"1e999\""}}) {
        const auto result = command_result(output);
        ASSERT_TRUE(std::holds_alternative<Json>(result)) << output;
        EXPECT_EQ(std::get<Json>(result).dump(), want) << output;
    }
}

TEST(CommandResult, IsNoneWhereItWouldNotArriveAsItStands)
{
    for (const auto& [output, why] :
         {std::pair{nested(501), BadOutput{"its output nests deeper than 500 arrays and objects"}},
          {nested(1'000'000), BadOutput{"its output nests deeper than 500 arrays and objects"}},
          {std::string{"18446744073709551616\n"}, BadOutput{"its output holds an integer of more than 64 bits"}}}) {
        const auto result = command_result(output);
        ASSERT_TRUE(std::holds_alternative<BadOutput>(result)) << output.substr(0, 80);
        EXPECT_EQ(std::get<BadOutput>(result), why);
    }
}

TEST(WhichProcessWords, HaveAnInstanceWhereDigitsFollowTheLastSlashOrItIsNamedApart)
{
    EXPECT_EQ(which_process("web", ""), (WhichProcess{"web", ""}));
    EXPECT_EQ(which_process("web/12", ""), (WhichProcess{"web", "12"}));
    EXPECT_EQ(which_process("team/web", ""), (WhichProcess{"team/web", ""}));
    EXPECT_EQ(which_process("web/", ""), (WhichProcess{"web/", ""}));
    EXPECT_EQ(which_process("web", "2"), (WhichProcess{"web", "2"}));
    EXPECT_EQ(which_process("web/2", "2"), (WhichProcess{"web", "2"}));
    EXPECT_EQ(which_process("", ""), (WhichProcess{"", ""}));
}

TEST(WhichProcessWords, ThatContradictEachOtherOrNameNobodyAreRefused)
{
    for (const auto& [process, instance] :
         {std::pair{"web/1", "2"}, {"/1", ""}, {"web", "one"}, {"web", "-1"}, {"web", "1.5"}})
        EXPECT_THROW(which_process(process, instance), BadWords) << process << " " << instance;
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

TEST(SpeedWord, IsANumberFromZeroOn)
{
    EXPECT_EQ(speed_word("0"), 0);
    EXPECT_EQ(speed_word("2.5"), 2.5);
    for (const char* text : {"-1", "fast", "", "1x", "inf", "nan", "1e999"})
        EXPECT_THROW(speed_word(text), BadWords) << text;
}

TEST(OverflowWord, IsOneOfFour)
{
    using hub::client::Overflow;
    EXPECT_EQ(overflow_word("drop-new"), Overflow::drop_new);
    EXPECT_EQ(overflow_word("drop-old"), Overflow::drop_old);
    EXPECT_EQ(overflow_word("last-value"), Overflow::last_value);
    EXPECT_EQ(overflow_word("disconnect"), Overflow::disconnect);
    EXPECT_THROW(overflow_word("explode"), BadWords);
}

TEST(AddressWord, EndsInAPort)
{
    EXPECT_EQ(address_word("[::1]:80"), (procfiles::Endpoint{"::1", 80}));
    EXPECT_EQ(address_word(":0"), (procfiles::Endpoint{"127.0.0.1", 0}));
    for (const char* text : {"foo", "", "host:", "host:http", ":65536", "host:-1"})
        EXPECT_THROW(address_word(text), BadWords) << text;
}

} // namespace
} // namespace pandora::supervisor::cli
