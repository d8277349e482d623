#include "supervisor/logs/tail_ring.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pandora::supervisor::logs {
namespace {

using Texts = std::vector<std::string>;

constexpr WallTime early{};
constexpr WallTime late = early + std::chrono::hours{1};

Texts texts(const std::vector<TailLine>& lines)
{
    Texts out;
    for (const auto& line : lines) out.push_back(line.text);
    return out;
}

TEST(TailRing, GivesTheLastLinesWithStreamAndTime)
{
    TailRing ring{10};
    ring.add({"one\ntwo\n", false}, Stream::out, early);
    ring.add({"three\r\n", false}, Stream::err, late);
    const auto lines = ring.last(2, 0);
    ASSERT_EQ(texts(lines), (Texts{"two", "three"}));
    EXPECT_EQ(lines[0].stream, Stream::out);
    EXPECT_EQ(lines[0].time, early);
    EXPECT_EQ(lines[1].stream, Stream::err);
    EXPECT_EQ(lines[1].time, late);
}

TEST(TailRing, GivesNoMoreThanItWasMadeFor)
{
    TailRing ring{3};
    for (int n = 0; n < 10; ++n) ring.add({std::to_string(n) + "\n", false}, Stream::out, early);
    EXPECT_EQ(texts(ring.last(100, 0)), (Texts{"7", "8", "9"}));
    EXPECT_EQ(texts(ring.last(1, 0)), (Texts{"9"}));
    EXPECT_TRUE(ring.last(0, 0).empty());
}

TEST(TailRing, IsFollowedByPosition)
{
    TailRing ring{100};
    std::uint64_t next = 0;
    Texts seen;
    for (int n = 0; n < 50; ++n) {
        ring.add({"a" + std::to_string(n) + "\nb" + std::to_string(n) + "\n", false}, Stream::out, early);
        for (const auto& line : ring.last(100, next)) {
            seen.push_back(line.text);
            next = line.position + 1;
        }
    }
    ASSERT_EQ(seen.size(), 100U);
    EXPECT_EQ(seen[0], "a0");
    EXPECT_EQ(seen[99], "b49");
    EXPECT_TRUE(ring.last(100, next).empty());
}

TEST(TailRing, HoldsTheEndOfAFloodInBoundedMemory)
{
    constexpr std::uint32_t kept = 1000;
    TailRing ring{kept};
    std::string block;
    int number = 0;
    for (int blocks = 0; blocks < 200; ++blocks) {
        block.clear();
        while (block.size() < 100'000) block += "line " + std::to_string(++number) + std::string(80, '.') + "\n";
        ring.add({block, false}, Stream::out, early);
    }
    EXPECT_LE(ring.bytes(), kept * tail_bytes_a_line);
    const auto lines = ring.last(kept, 0);
    EXPECT_GE(lines.size(), kept * 9 / 10);
    for (std::size_t n = 0; n < lines.size(); ++n) {
        const auto want = static_cast<std::size_t>(number) - lines.size() + 1 + n;
        ASSERT_TRUE(lines[n].text.starts_with("line " + std::to_string(want) + ".")) << lines[n].text;
    }
}

TEST(TailRing, SurvivesBlocksLargerThanItself)
{
    TailRing ring{1};
    std::string block;
    while (block.size() < 3 * tail_bytes_min) block += "x" + std::to_string(block.size()) + "\n";
    ring.add({block, false}, Stream::out, early);
    const auto lines = ring.last(1, 0);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(block.ends_with(lines[0].text + "\n"));
    ring.add({std::string(10 * tail_bytes_min, 'y'), false}, Stream::out, early); // not one line end in it
    EXPECT_LE(ring.bytes(), tail_bytes_min);
    ring.add({"after\n", false}, Stream::out, early);
    EXPECT_EQ(texts(ring.last(1, 0)), (Texts{"after"}));
}

TEST(TailRing, OfNoLinesHoldsNothing)
{
    TailRing ring{0};
    ring.add({"x\n", false}, Stream::out, early);
    EXPECT_EQ(ring.bytes(), 0U);
    EXPECT_TRUE(ring.last(10, 0).empty());
}

} // namespace
} // namespace pandora::supervisor::logs
