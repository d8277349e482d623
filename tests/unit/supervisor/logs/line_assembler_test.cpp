#include "supervisor/logs/line_assembler.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pandora::supervisor::logs {
namespace {

using Lines = std::vector<std::string>;

/// Feeds the chunks and flushes; an incomplete line is marked with a trailing "~".
Lines lines_of(const std::vector<std::string>& chunks)
{
    Lines out;
    const LineAssembler::Sink sink = [&](std::string_view line, bool complete) {
        out.push_back(std::string{line} + (complete ? "" : "~"));
    };
    LineAssembler lines;
    for (const auto& chunk : chunks) lines.feed(chunk, sink);
    lines.flush(sink);
    EXPECT_TRUE(lines.empty());
    return out;
}

TEST(LineAssembler, MakesLinesOfChunks)
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

TEST(LineAssembler, GivesTheSameLinesWhereverTheChunksAreCut)
{
    const std::string text = "first\nsecond line\r\n\nlast one is open";
    const auto whole = lines_of({text});
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        EXPECT_EQ(lines_of({text.substr(0, cut), text.substr(cut)}), whole);
}

TEST(LineAssembler, HandsOnAnOverlongLineInPieces)
{
    const std::string line(2 * line_bytes_max + 5, 'x');
    const auto got = lines_of({line + "\nnext\n"});
    ASSERT_EQ(got.size(), 4U);
    EXPECT_EQ(got[0], std::string(line_bytes_max, 'x') + "~");
    EXPECT_EQ(got[1], std::string(line_bytes_max, 'x') + "~");
    EXPECT_EQ(got[2], "xxxxx");
    EXPECT_EQ(got[3], "next");
}

TEST(LineAssembler, NeverCutsAUtf8Sequence)
{
    for (std::size_t lead = 0; lead < 4; ++lead) {
        std::string line(lead, 'x');
        while (line.size() < 2 * line_bytes_max) line += "\xF0\x9F\x9A\x80"; // U+1F680, four bytes
        std::string joined;
        for (auto piece : lines_of({line + "\n"})) {
            if (piece.ends_with('~')) piece.pop_back();
            EXPECT_LE(piece.size(), line_bytes_max);
            EXPECT_EQ((piece.size() - (joined.empty() ? lead : 0)) % 4, 0U) << "cut inside a sequence";
            joined += piece;
        }
        EXPECT_EQ(joined, line);
    }
}

TEST(LineAssembler, CutsWhatIsNoUtf8AtTheLimit)
{
    const std::string line(line_bytes_max + 10, '\x80');
    const auto got = lines_of({line});
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[0].size(), line_bytes_max + 1) << "with its mark";
}

} // namespace
} // namespace pandora::supervisor::logs
