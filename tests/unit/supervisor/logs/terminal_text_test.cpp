#include "supervisor/logs/terminal_text.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace pandora::supervisor::logs {
namespace {

std::string shown(std::string_view text)
{
    std::string out;
    append_for_terminal(out, text);
    return out;
}

TEST(TerminalText, KeepsTextTabsAndColours)
{
    for (const std::string text : {"", "plain", "a\tb", "gr\xC3\xBC\xC3\x9F \xF0\x9F\x90\xBC"})
        EXPECT_EQ(shown(text), text);
    EXPECT_EQ(shown("\x1b[1;31mred\x1b[0m"), "\x1b[1;31mred\x1b[0m\x1b[0m");
    EXPECT_EQ(shown("\x1b[38:2::1:2:3mx"), "\x1b[38:2::1:2:3mx\x1b[0m");
}

TEST(TerminalText, ShowsWhatATerminalWouldObey)
{
    struct Row {
        std::string_view text;
        std::string_view want;
    };

    const Row rows[] = {
        {"\x1b[2J", "\\x1b[2J"},                    // clears the screen
        {"\x1b]0;title\x07", "\\x1b]0;title\\x07"}, // renames the window
        {"\x1b[6n", "\\x1b[6n"},                    // makes the terminal type
        {"over\rwrite", "over\\x0dwrite"},          // hides what stands before
        {"\x1b[31", "\\x1b[31"},                    // no end
        {"\x1b[31;?m", "\\x1b[31;?m"},              // no colour
        {"\xC2\x9B"
         "2J",
         "\\xc2\\x9b2J"}, // the same in one character
        {"\x9B"
         "2J",
         "\\x9b"
         "2J"}, // or one byte
        {"\xFF", "\\xff"},
        {"\x7F\b", "\\x7f\\x08"},
    };
    for (const auto& [text, want] : rows) EXPECT_EQ(shown(text), want);
}

TEST(TerminalText, HasNoControlCharacterLeftButInColours)
{
    std::mt19937 random{11};
    constexpr std::string_view alphabet = "\x1b[]m;0123?\x07\x9b\xc2 a\r\n";
    for (int round = 0; round < 5000; ++round) {
        std::string text(random() % 20, ' ');
        for (auto& c : text) c = alphabet[random() % alphabet.size()];
        const auto out = shown(text);
        for (std::size_t at = 0; at < out.size(); ++at) {
            const auto byte = static_cast<unsigned char>(out[at]);
            if (byte == 0x1b) {
                const auto end = out.find_first_not_of("0123456789;:", at + 2);
                ASSERT_TRUE(out[at + 1] == '[' && end != std::string::npos && out[end] == 'm') << out;
            } else {
                ASSERT_TRUE(byte >= 0x20 && byte != 0x7f) << out;
            }
        }
    }
}

} // namespace
} // namespace pandora::supervisor::logs
