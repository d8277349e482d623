#include "supervisor/logs/lines.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace pandora::supervisor::logs {
namespace {

using Lines = std::vector<std::string>;

/// As a pipe is read: the unfinished line stands in front of the next chunk. A piece is marked with a trailing "~".
Lines lines_of(const std::vector<std::string>& chunks)
{
    Lines out;
    std::string text;
    bool in_line = false;
    const auto hand_on = [&](std::size_t ready) {
        const auto block = text.substr(0, ready);
        text.erase(0, ready);
        for_each_line({block, in_line}, [&](std::string_view line, bool whole) {
            out.push_back(std::string{line} + (whole ? "" : "~"));
        });
        if (ready > 0) in_line = !block.ends_with('\n');
    };
    for (const auto& chunk : chunks) {
        text += chunk;
        hand_on(ready_bytes(text));
        EXPECT_LE(text.size(), line_bytes_max);
    }
    hand_on(text.size());
    return out;
}

TEST(Lines, AreMadeOfChunks)
{
    struct Row {
        std::vector<std::string> chunks;
        Lines want;
    };

    const Row rows[] = {
        {{}, {}},
        {{"a\nb\n"}, {"a", "b"}},
        {{"a", "b\n", "c\nd"}, {"ab", "c", "d~"}},
        {{"\n\n"}, {"", ""}},
        {{"dos\r\n", "split\r", "\n"}, {"dos", "split"}},
        {{"mid\rdle\n"}, {"mid\rdle"}},
        {{std::string("nul\0byte\n", 9)}, {std::string("nul\0byte", 8)}},
    };
    for (const auto& row : rows) EXPECT_EQ(lines_of(row.chunks), row.want);
}

TEST(Lines, AreTheSameWhereverTheChunksAreCut)
{
    const std::string text = "first\nsecond line\r\n\nlast one is open";
    const auto whole = lines_of({text});
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        EXPECT_EQ(lines_of({text.substr(0, cut), text.substr(cut)}), whole);
}

TEST(Lines, OfTooGreatLengthComeInPieces)
{
    const std::string line(2 * line_bytes_max + 5, 'x');
    const Lines want{std::string(line_bytes_max, 'x') + "~", std::string(line_bytes_max, 'x') + "~", "xxxxx", "next"};
    EXPECT_EQ(lines_of({line + "\nnext\n"}), want);
    EXPECT_EQ(lines_of({line.substr(0, 100), line.substr(100), "\nnext\n"}), want);
}

TEST(Lines, OfExactlyTheGreatestLengthStayWhole)
{
    const std::string line(line_bytes_max, 'x');
    EXPECT_EQ(lines_of({line + "\n"}), Lines{line});
    EXPECT_EQ(lines_of({line, "\n"}), Lines{line});
}

TEST(Lines, AreNeverCutWithinACharacter)
{
    for (const std::string character : {"\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x90\xBC"})
        for (std::size_t shift = 0; shift < character.size(); ++shift) {
            auto text = std::string(line_bytes_max - shift, 'x');
            for (int n = 0; n < 10; ++n) text += character;
            const auto pieces = lines_of({text + "\n"});
            ASSERT_EQ(pieces.size(), 2U);
            EXPECT_EQ((pieces[1].size()) % character.size(), 0U) << shift;
            EXPECT_EQ(pieces[0].size() - 1 + pieces[1].size(), text.size());
        }
}

TEST(Lines, ThatAreNoTextAreCutAtTheLimit)
{
    const std::string bytes(2 * line_bytes_max, '\x80');
    const auto pieces = lines_of({bytes});
    ASSERT_EQ(pieces.size(), 2U);
    EXPECT_EQ(pieces[0].size(), line_bytes_max + 1);
}

TEST(Lines, TheEmptyEndOfALineThatWasShownIsNoLine)
{
    Lines out;
    const auto add = [&](std::string_view line, bool) { out.emplace_back(line); };
    for_each_line({"\nnext\n\n", true}, add);
    EXPECT_EQ(out, (Lines{"next", ""}));
}

TEST(Lines, WhenIdleKeepBackOnlyAnUnfinishedCharacter)
{
    struct Row {
        std::string_view text;
        std::size_t ready;
    };

    for (const auto& [text, ready] : {Row{"prompt> ", 8}, Row{"\xE2\x82", 0}, Row{"a\xE2\x82\xAC", 4},
                                      Row{"a\xF0\x9F\x90", 1}, Row{"a\x80", 2}, Row{"", 0}})
        EXPECT_EQ(ready_bytes_when_idle(text), ready) << text;
}

TEST(Lines, AreCountedAsOneByOne)
{
    std::mt19937 random{4711};
    for (std::size_t size : {0U, 1U, 15U, 16U, 17U, 255U, 4096U, 5000U, 100'000U}) {
        std::string text(size, 'x');
        for (auto& c : text) c = random() % 3 == 0 ? '\n' : 'x';
        EXPECT_EQ(count_lines(text), static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'))) << size;
    }
    EXPECT_EQ(count_lines(std::string(100'000, '\n')), 100'000U);
}

TEST(Lines, AreWrittenWholeAsFarAsTheLimitAllows)
{
    struct Row {
        std::string_view text;
        std::size_t limit;
        std::size_t bytes;
    };

    for (const auto& [text, limit, bytes] : {
             Row{"one\ntwo\n", 8, 8},
             Row{"one\ntwo\n", 7, 4},
             Row{"one\ntwo\n", 4, 4},
             Row{"one\ntwo\n", 3, 4}, // a longer line goes alone
             Row{"one line\ntwo\n", 5, 9},
             Row{"\none\n", 2, 1},
             Row{"", 5, 0},
         })
        EXPECT_EQ(whole_lines(text, limit), bytes) << text << limit;
}

TEST(Lines, LoseNothingHoweverRandomTheBytes)
{
    std::mt19937 random{42};
    for (int round = 0; round < 50; ++round) {
        std::string all;
        std::string handed_on;
        std::string text;
        for (int chunk = 0; chunk < 20; ++chunk) {
            std::string bytes(random() % 30'000, '\0');
            for (auto& c : bytes) c = static_cast<char>(random() % 256 == 0 && round % 2 ? '\n' : random() % 256);
            all += bytes;
            text += bytes;
            const auto ready = ready_bytes(text);
            handed_on += text.substr(0, ready);
            text.erase(0, ready);
            ASSERT_LE(text.size(), line_bytes_max);
        }
        EXPECT_EQ(handed_on + text, all);
    }
}

} // namespace
} // namespace pandora::supervisor::logs
