#include "metrics/label_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::metrics {
namespace {

const std::string bad = "\xEF\xBF\xBD"; // U+FFFD

TEST(LabelText, LeavesValidTextAlone)
{
    for (const std::string text :
         {"", "web", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x90\xA6", "a\nb\"c\\", "\xED\x9F\xBF", "\xEE\x80\x80",
          "\xF4\x8F\xBF\xBF", "\xE0\xA0\x80", "\xF0\x90\x80\x80"})
        EXPECT_EQ(label_text(text), text);
    EXPECT_EQ(label_text(std::string_view{"a\0b", 3}), std::string("a\0b", 3));
}

TEST(LabelText, ReplacesEveryByteThatIsPartOfNoCharacter)
{
    struct Row {
        const char* what;
        std::string text;
        std::string want;
    };

    for (const auto& [what, text, want] : {
             Row{"a lone lead", "a\xC3", "a" + bad},
             Row{"a lead before something else", "\xC3z", bad + "z"},
             Row{"a lone tail", "\x80z", bad + "z"},
             Row{"a byte of no meaning", "\xFFz", bad + "z"},
             Row{"two bytes of three", "\xE2\x82", bad + bad},
             Row{"three bytes of four", "\xF0\x9F\x90z", bad + bad + bad + "z"},
             Row{"overlong slash", "\xC0\xAF", bad + bad},
             Row{"overlong in three bytes", "\xE0\x9F\xBF", bad + bad + bad},
             Row{"overlong in four bytes", "\xF0\x8F\xBF\xBF", bad + bad + bad + bad},
             Row{"surrogate", "\xED\xA0\x80", bad + bad + bad},
             Row{"beyond the last character", "\xF4\x90\x80\x80", bad + bad + bad + bad},
             Row{"bad, then good", "\xFF\xC3\xA9", bad + "\xC3\xA9"},
         })
        EXPECT_EQ(label_text(text), want) << what;
}

} // namespace
} // namespace pandora::metrics
