#include "hub/wire/json_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::hub::wire {
namespace {

using namespace std::string_literals;

bool valid(std::string_view text)
{
    JsonReader reader{text};
    reader.skip_value();
    return !reader.failed() && reader.at_end();
}

TEST(JsonReader, AcceptsEveryKindOfValue)
{
    for (const char* text : {"0",
                             "-0",
                             "12",
                             "-1.5",
                             "1e5",
                             "1E+5",
                             "0.25e-7",
                             "100000000000000000000",
                             "1e999",
                             "true",
                             "false",
                             "null",
                             R"("")",
                             R"("a")",
                             R"("\"\\\/\b\f\n\r\tA\ud83d\ude00")",
                             R"("\ud800")",
                             "\"\xC3\xA4\"",
                             "[]",
                             "{}",
                             "[[]]",
                             R"([1,"a",null,{}])",
                             R"({"a":1,"a":2})",
                             R"({"":[{"b":{}}]})",
                             " \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
                             "\"a string of more than eight bytes, and more than sixteen\""})
        EXPECT_TRUE(valid(text)) << text;
}

TEST(JsonReader, RefusesWhateverJavaScriptWouldRefuse)
{
    for (const auto& text : {""s,
                             " "s,
                             "01"s,
                             "-"s,
                             "+1"s,
                             "1."s,
                             ".5"s,
                             "1e"s,
                             "1e+"s,
                             "0x1"s,
                             "NaN"s,
                             "Infinity"s,
                             "tru"s,
                             "truex"s,
                             "nul"s,
                             "True"s,
                             "\""s,
                             "\"a"s,
                             "\"\\\""s,
                             "\"\\x\""s,
                             "\"\\u12\""s,
                             "\"\\u12g4\""s,
                             "\"\n\""s,
                             "\"a long one \t x\""s,
                             "\"\0\""s,
                             "'a'"s,
                             "["s,
                             "]"s,
                             "[1"s,
                             "[1,"s,
                             "[,1]"s,
                             "[1,]"s,
                             "[1 2]"s,
                             "{"s,
                             "}"s,
                             "{\"a\"}"s,
                             "{\"a\":}"s,
                             "{\"a\":1,}"s,
                             "{,}"s,
                             "{a:1}"s,
                             "{1:2}"s,
                             "{\"a\" 1}"s,
                             "[}"s,
                             "{]"s,
                             "[1}"s,
                             "{\"a\":1]"s,
                             "1 2"s,
                             "{}{}"s,
                             "\xEF\xBB\xBF{}"s,
                             "// x\n1"s,
                             "\"12345678901\x1f\""s})
        EXPECT_FALSE(valid(text)) << text;
}

TEST(JsonReader, EveryPrefixOfAValidTextIsRefused)
{
    const std::string text = R"({"a":[1,-2.5e3,"xA long enough to be read by words",true],"b":{"c":null}})";
    ASSERT_TRUE(valid(text));
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(valid(text.substr(0, size))) << size;
}

TEST(JsonReader, FindsAFaultAtEveryPlaceOfAString)
{
    for (std::size_t size = 1; size < 40; ++size)
        for (std::size_t at = 0; at < size; ++at)
            for (const char fault : {'\0', '\n', '\x1f', '\\'}) {
                std::string text(size, 'x');
                text[at] = fault; // a backslash is a fault before an x, and before the closing quote
                EXPECT_FALSE(valid('"' + text + '"')) << size << ' ' << at << ' ' << int{fault};
            }
}

TEST(JsonReader, NestsAsDeepAsTheLimitAndNoDeeper)
{
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_TRUE(valid(nested(json_depth_max)));
    EXPECT_FALSE(valid(nested(json_depth_max + 1)));
    EXPECT_FALSE(valid(std::string(1'000'000, '[')));
}

TEST(JsonReader, HandsOutKeysAndRawValues)
{
    JsonReader reader{R"( { "a" : [1, {"x":2}] , "b\"c":-1.0,"d":"e" } )"};
    std::string_view key;
    ASSERT_TRUE(reader.open_object());
    ASSERT_TRUE(reader.next_key(key));
    EXPECT_EQ(key, "a");
    EXPECT_EQ(reader.skip_value(), R"([1, {"x":2}])");
    ASSERT_TRUE(reader.next_key(key));
    EXPECT_EQ(key, R"(b\"c)");
    EXPECT_EQ(reader.skip_value(), "-1.0");
    ASSERT_TRUE(reader.next_key(key));
    EXPECT_EQ(key, "d");
    EXPECT_EQ(reader.skip_value(), R"("e")");
    EXPECT_FALSE(reader.next_key(key));
    EXPECT_FALSE(reader.failed());
    EXPECT_TRUE(reader.at_end());
}

TEST(JsonReader, StaysFailed)
{
    JsonReader reader{R"({"a" 1, "b":2})"};
    std::string_view key;
    ASSERT_TRUE(reader.open_object());
    EXPECT_FALSE(reader.next_key(key));
    EXPECT_TRUE(reader.failed());
    EXPECT_FALSE(reader.next_key(key));
    EXPECT_EQ(reader.skip_value(), "");
    EXPECT_TRUE(reader.failed());
}

TEST(JsonValues, TruthIsJavaScripts)
{
    for (const char* text : {"", "null", "false", "0", "-0", "0.0", "0e5", R"("")"}) EXPECT_FALSE(truthy(text)) << text;
    for (const char* text : {"true", "1", "-1", "0.1", R"("0")", R"("false")", "{}", "[]", R"(" ")"})
        EXPECT_TRUE(truthy(text)) << text;
}

TEST(JsonValues, NumbersAreReadAndNothingElseIs)
{
    EXPECT_EQ(number_of("12"), 12.0);
    EXPECT_EQ(number_of("-1.5e2"), -150.0);
    for (const char* text : {"", "\"1\"", "true", "null", "{}", "[1]"})
        EXPECT_EQ(number_of(text), std::nullopt) << text;
}

TEST(JsonValues, UnescapesToTheSameTextHoweverItWasWritten)
{
    struct Row {
        std::string raw, want;
    };

    for (const auto& [raw, want] :
         {Row{"plain", "plain"}, Row{R"(A\u00e4\u20ac)", "A\xC3\xA4\xE2\x82\xAC"},
          Row{R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"}, Row{R"(\n\t\"\\\/)", "\n\t\"\\/"},
          Row{R"(\ud83dx)", "\xED\xA0\xBDx"}, Row{R"(\ud83dA)", "\xED\xA0\xBD\x41"}, Row{R"(\ude00)", "\xED\xB8\x80"},
          Row{"", ""}, Row{R"(\u0000)", std::string(1, '\0')}}) {
        std::string got = "old content";
        unescape(raw, got);
        EXPECT_EQ(got, want) << raw;
    }
}

TEST(JsonValues, WritesStringsThatReadBackTheSame)
{
    const std::string text = "a\"b\\c\n\x01\x1f/\xC3\xA4";
    std::string json;
    append_json_string(json, text);
    ASSERT_TRUE(valid(json));
    std::string back;
    unescape(std::string_view{json}.substr(1, json.size() - 2), back);
    EXPECT_EQ(back, text);
}

TEST(JsonValues, WritesJsonWhateverTheTextIs)
{
    struct Row {
        std::string text, want;
    };

    for (const auto& [text, want] :
         {Row{"\xED\xA0\xBDx", R"("\ud83dx")"}, Row{"\xED\xB8\x80", R"("\ude00")"}, Row{"\xFF", R"("\ufffd")"},
          Row{"a\xC3", R"("a\ufffd")"}, Row{"\xC0\x80", R"("\ufffd\ufffd")"},
          Row{"\xF4\x90\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"}, Row{"\xE2\x82\xAC", "\"\xE2\x82\xAC\""},
          Row{"\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\""}, Row{"\xEF\xBF\xBF", "\"\xEF\xBF\xBF\""},
          Row{"\xE0\x80\x80", R"("\ufffd\ufffd\ufffd")"}, Row{"\x7f", "\"\x7f\""}}) {
        std::string json;
        append_json_string(json, text);
        EXPECT_EQ(json, want);
    }
}

} // namespace
} // namespace pandora::hub::wire
