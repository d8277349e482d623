#include "hub/client/cpp/frame_reader.hpp"
#include "hub/client/cpp/outbox.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pandora::hub::client {
namespace {

std::string framed(std::uint32_t id, const std::string& body)
{
    Outbox outbox;
    outbox.push(id, body);
    std::string bytes;
    for (const auto& chunk : outbox.take()) bytes += chunk;
    return bytes;
}

std::vector<std::string> read_all(FrameReader& reader, const std::string& bytes)
{
    reader.append(std::as_bytes(std::span{bytes}));
    std::vector<std::string> bodies;
    while (const auto frame = reader.next())
        bodies.push_back(std::to_string(frame->id) + ":" + std::string{frame->body});
    return bodies;
}

TEST(FrameReader, FindsTheSameFramesHoweverTheBytesAreSplit)
{
    const std::string stream = framed(1, "one") + framed(2, "") + framed(70'000, "three");
    const std::vector<std::string> all{"1:one", "2:", "70000:three"};
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
        FrameReader reader{16};
        std::vector<std::string> bodies;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            for (auto& body : read_all(reader, stream.substr(at, piece))) bodies.push_back(body);
        }
        EXPECT_EQ(bodies, all) << "pieces of " << piece;
    }
}

TEST(FrameReader, RefusesAFrameOverTheLimitByItsHeaderAloneAndStaysRefusing)
{
    FrameReader reader{16};
    EXPECT_EQ(read_all(reader, framed(1, std::string(16, 'x'))).size(), 1U);
    EXPECT_FALSE(reader.oversized());
    const auto large = framed(2, std::string(17, 'x'));
    EXPECT_TRUE(read_all(reader, large.substr(0, wire::header_bytes)).empty());
    EXPECT_EQ(reader.oversized(), 17U);
    EXPECT_TRUE(read_all(reader, framed(3, "ok")).empty());
    reader.reset();
    EXPECT_EQ(read_all(reader, framed(4, "ok")), std::vector<std::string>{"4:ok"});
}

TEST(Outbox, GathersSmallFramesInOneChunkAndGivesALargeBodyItsOwn)
{
    Outbox outbox;
    outbox.push(1, "a");
    outbox.push(2, "b");
    outbox.push(3, std::string(100'000, 'x'));
    outbox.push(4, "c");
    EXPECT_EQ(outbox.bytes(), 4 * wire::header_bytes + 3 + 100'000);
    const auto chunks = outbox.take();
    ASSERT_EQ(chunks.size(), 3U);
    EXPECT_EQ(chunks[0].size(), 3 * wire::header_bytes + 2);
    EXPECT_EQ(chunks[1].size(), 100'000U);
    EXPECT_EQ(chunks[2].size(), wire::header_bytes + 1);
}

TEST(Outbox, CountsBytesAsQueuedUntilTheyAreWritten)
{
    Outbox outbox;
    outbox.push(1, "abc");
    const std::size_t frame = wire::header_bytes + 3;
    EXPECT_EQ(outbox.take().size(), 1U);
    EXPECT_TRUE(outbox.empty());
    EXPECT_EQ(outbox.bytes(), frame);
    outbox.push(2, "abc");
    EXPECT_EQ(outbox.bytes(), 2 * frame);
    outbox.written();
    EXPECT_EQ(outbox.bytes(), frame);
    outbox.clear();
    EXPECT_EQ(outbox.bytes(), 0U);
}

} // namespace
} // namespace pandora::hub::client
