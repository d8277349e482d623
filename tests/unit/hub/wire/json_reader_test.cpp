#include "hub/wire/json_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

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

TEST(JsonReader, HandsOutTheElementsOfAnArrayEachItself)
{
    JsonReader reader{R"( [ 1 , "a,]" ,[2,3], {} ] x)"};
    std::vector<std::string_view> elements;
    ASSERT_TRUE(reader.open_array());
    while (reader.next_element()) elements.push_back(reader.skip_value());
    EXPECT_EQ(elements, (std::vector<std::string_view>{"1", R"("a,]")", "[2,3]", "{}"}));
    EXPECT_FALSE(reader.failed());
    EXPECT_FALSE(reader.at_end()) << "what follows is the caller's to refuse";
    EXPECT_EQ(reader.peek(), 'x');
}

TEST(JsonReader, AnArrayWithoutElementsHasNone)
{
    for (const char* text : {"[]", " [ ] "}) {
        JsonReader reader{text};
        ASSERT_TRUE(reader.open_array());
        EXPECT_FALSE(reader.next_element()) << text;
        EXPECT_FALSE(reader.failed());
        EXPECT_TRUE(reader.at_end());
    }
}

TEST(JsonReader, WhatIsNoArrayOrNotWellFormedFailsWhereItIsRead)
{
    struct Row {
        const char* text;
        std::size_t elements; // before the fault
    };

    for (const auto& [text, elements] : {Row{"{}", 0}, Row{"", 0}, Row{"[1 2]", 1}, Row{"[1,]", 1}, Row{"[,1]", 0},
                                         Row{"[1", 1}, Row{"[1}", 1}, Row{"[1,2x]", 2}}) {
        JsonReader reader{text};
        reader.open_array();
        std::size_t read = 0;
        while (reader.next_element() && !reader.skip_value().empty()) ++read;
        EXPECT_EQ(read, elements) << text;
        EXPECT_TRUE(reader.failed()) << text;
    }
}

TEST(JsonReader, WhatIsNoObjectHasNoKeys)
{
    for (const char* text : {"[]", "1", "", "\"{}\""}) {
        JsonReader reader{text};
        std::string_view key;
        EXPECT_FALSE(reader.open_object()) << text;
        EXPECT_FALSE(reader.next_key(key)) << text;
        EXPECT_TRUE(reader.failed()) << text;
    }
}

TEST(JsonReader, TellsHowFarItIs)
{
    JsonReader reader{"  [1]  "};
    reader.peek();
    EXPECT_EQ(reader.position(), 2U);
    reader.skip_value();
    EXPECT_EQ(reader.position(), 5U);
    EXPECT_TRUE(reader.at_end());
}

} // namespace
} // namespace pandora::hub::wire
