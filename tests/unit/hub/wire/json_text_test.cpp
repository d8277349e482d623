#include "hub/wire/json_reader.hpp"
#include "hub/wire/json_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::hub::wire {
namespace {

bool valid(std::string_view text)
{
    JsonReader reader{text};
    reader.skip_value();
    return !reader.failed() && reader.at_end();
}

TEST(JsonText, TruthIsJavaScripts)
{
    for (const char* text : {"", "null", "false", "0", "-0", "0.0", "0e5", R"("")"}) EXPECT_FALSE(truthy(text)) << text;
    for (const char* text : {"true", "1", "-1", "0.1", R"("0")", R"("false")", "{}", "[]", R"(" ")"})
        EXPECT_TRUE(truthy(text)) << text;
}

TEST(JsonText, NumbersAreReadAndNothingElseIs)
{
    EXPECT_EQ(number_of("12"), 12.0);
    EXPECT_EQ(number_of("-1.5e2"), -150.0);
    for (const char* text : {"", "\"1\"", "true", "null", "{}", "[1]"})
        EXPECT_EQ(number_of(text), std::nullopt) << text;
}

TEST(JsonText, UnescapesToTheSameTextHoweverItWasWritten)
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

TEST(JsonText, TheTextOfAStringIsUnescapedAndOfAnythingElseEmpty)
{
    struct Row {
        std::string_view raw, text;
    };

    for (const auto& [raw, text] : {Row{R"("abs")", "abs"}, Row{R"("a\"b\u0041")", "a\"bA"}, Row{R"("")", ""},
                                    Row{"7", ""}, Row{"null", ""}, Row{"", ""}, Row{R"({"a":1})", ""}}) {
        std::string scratch = "old";
        EXPECT_EQ(text_of(raw, scratch), text) << raw;
    }
}

TEST(JsonText, WritesStringsThatReadBackTheSame)
{
    const std::string text = "a\"b\\c\n\x01\x1f/\xC3\xA4";
    std::string json;
    append_json_string(json, text);
    ASSERT_TRUE(valid(json));
    std::string back;
    unescape(std::string_view{json}.substr(1, json.size() - 2), back);
    EXPECT_EQ(back, text);
}

TEST(JsonText, WritesJsonWhateverTheTextIs)
{
    struct Row {
        std::string text, want;
    };

    for (const auto& [text, want] :
         {Row{"\xED\xA0\xBDx", R"("\ud83dx")"}, Row{"\xED\xB8\x80", R"("\ude00")"}, Row{"\xFF", R"("\ufffd")"},
          Row{"a\xC3", R"("a\ufffd")"}, Row{"\xC0\x80", R"("\ufffd\ufffd")"},
          Row{"\xF4\x90\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"}, Row{"\xE2\x82\xAC", "\"\xE2\x82\xAC\""},
          Row{"\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\""}, Row{"\xEF\xBF\xBF", "\"\xEF\xBF\xBF\""},
          Row{"\xE0\x80\x80", R"("\ufffd\ufffd\ufffd")"}, Row{"\x7f", "\"\x7f\""}, Row{"", R"("")"},
          Row{"plain, and \"\\ more", R"("plain, and \"\\ more")"}, Row{"\b\f\n\r\t\x1f", R"("\b\f\n\r\t\u001f")"}}) {
        std::string json;
        append_json_string(json, text);
        EXPECT_EQ(json, want);
    }
}

} // namespace
} // namespace pandora::hub::wire
