#include "procfiles/quote.hpp"
#include "procfiles/text_check.hpp"
#include "tests/unit/procfiles/parsing.hpp"

#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using namespace std::string_view_literals;

TEST(TextCheck, AcceptsTextInAnyLanguage)
{
    for (const std::string_view text : {""sv, "a: b\r\n\tc"sv,
                                        "\xEF\xBB\xBF"
                                        "a"sv,
                                        "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"sv})
        EXPECT_EQ(find_non_text(text), std::nullopt) << text;
}

TEST(TextCheck, FindsTheFirstByteThatIsNotText)
{
    struct Row {
        std::string_view text;
        Place place;
        std::string message;
    };

    for (const auto& [text, place, message] : {
             Row{"a\nb\x04", {2, 2}, "control character 0x04; a procfile is UTF-8 text"},
             Row{"\0"sv, {1, 1}, "control character 0x00; a procfile is UTF-8 text"},
             Row{"\x7F", {1, 1}, "control character 0x7f; a procfile is UTF-8 text"},
             Row{"\xFF\xFE", {1, 1}, "byte 0xff is not UTF-8; a procfile is UTF-8 text"},
             Row{"\xC3\xA9\x80", {1, 2}, "byte 0x80 is not UTF-8; a procfile is UTF-8 text"},
             Row{"\xC0\x80", {1, 1}, "byte 0xc0 is not UTF-8; a procfile is UTF-8 text"},
             Row{"\xED\xA0\x80", {1, 1}, "byte 0xed is not UTF-8; a procfile is UTF-8 text"},
             Row{"\xE2\x82", {1, 1}, "byte 0xe2 is not UTF-8; a procfile is UTF-8 text"},
             Row{"\xF4\x90\x80\x80", {1, 1}, "byte 0xf4 is not UTF-8; a procfile is UTF-8 text"},
             Row{"\xF0\x9F\x98q", {1, 1}, "byte 0xf0 is not UTF-8; a procfile is UTF-8 text"},
         }) {
        const auto found = find_non_text(text);
        ASSERT_TRUE(found) << message;
        EXPECT_EQ(found->place, place) << message;
        EXPECT_EQ(found->message, message);
    }
}

TEST(Quote, ShowsOneShortLine)
{
    EXPECT_EQ(quote(""), "``");
    EXPECT_EQ(quote("a\nb\tc\x7F"), "`a b c `");
    EXPECT_EQ(quote("\xC3\xA9\xFF"), "`\xC3\xA9 `");
    EXPECT_EQ(quote(std::string(64, 'x')), '`' + std::string(64, 'x') + '`');
    EXPECT_EQ(quote(std::string(65, 'x')), '`' + std::string(64, 'x') + "...`");
}

} // namespace
} // namespace pandora::procfiles
