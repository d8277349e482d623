#include "hub/wire/decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace pandora::hub::wire {
namespace {

std::string encoded(std::uint32_t id, std::string_view body)
{
    const auto header = encode_header({0, id, static_cast<std::uint32_t>(body.size())});
    std::string out{reinterpret_cast<const char*>(header.data()), header.size()};
    return out.append(body);
}

void feed(FrameDecoder& decoder, std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto space = decoder.space();
        const std::size_t part = std::min(space.size(), bytes.size());
        std::memcpy(space.data(), bytes.data(), part);
        decoder.commit(part);
        bytes.remove_prefix(part);
    }
}

struct Got {
    std::uint32_t id;
    std::string body;
    bool operator==(const Got&) const = default;
};

void take_all(FrameDecoder& decoder, std::vector<Got>& into)
{
    for (;;) {
        const Decoded decoded = decoder.next();
        const auto* frame = std::get_if<Frame>(&decoded);
        if (!frame) return;
        into.push_back({frame->header.id, std::string{frame->body}});
    }
}

const std::vector<Got> three{{1, R"({"action":"a"})"}, {2, ""}, {packet_id_max, "\"x\""}};

std::string three_encoded()
{
    std::string bytes;
    for (const auto& [id, body] : three) bytes += encoded(id, body);
    return bytes;
}

TEST(FrameDecoder, FindsTheSameFramesWhereverTheStreamIsSplitInThree)
{
    const std::string bytes = three_encoded();
    for (std::size_t first = 0; first <= bytes.size(); ++first)
        for (std::size_t second = first; second <= bytes.size(); ++second) {
            FrameDecoder decoder{100};
            std::vector<Got> got;
            for (const auto& [from, to] : {std::pair{std::size_t{0}, first}, {first, second}, {second, bytes.size()}}) {
                feed(decoder, std::string_view{bytes}.substr(from, to - from));
                take_all(decoder, got);
            }
            ASSERT_EQ(got, three) << "split at " << first << " and " << second;
            ASSERT_EQ(decoder.partial_bytes(), 0U);
        }
}

TEST(FrameDecoder, FindsTheSameFramesByteByByte)
{
    FrameDecoder decoder{100};
    std::vector<Got> got;
    for (const char byte : three_encoded()) {
        feed(decoder, {&byte, 1});
        take_all(decoder, got);
    }
    EXPECT_EQ(got, three);
}

TEST(FrameDecoder, SaysHowMuchItHoldsOfAFrameThatIsNotComplete)
{
    FrameDecoder decoder{100};
    std::vector<Got> got;
    EXPECT_EQ(decoder.partial_bytes(), 0U);
    feed(decoder, encoded(1, "abc").substr(0, 4));
    take_all(decoder, got);
    EXPECT_EQ(decoder.partial_bytes(), 4U);
    feed(decoder, encoded(1, "abc").substr(4));
    take_all(decoder, got);
    EXPECT_EQ(decoder.partial_bytes(), 0U);
    EXPECT_EQ(got, (std::vector<Got>{{1, "abc"}}));
}

TEST(FrameDecoder, RefusesByTheHeaderAloneAndKeepsRefusing)
{
    FrameDecoder decoder{10};
    feed(decoder, encoded(7, std::string(11, 'x')).substr(0, header_bytes));
    for (int i = 0; i < 2; ++i) {
        const Decoded decoded = decoder.next();
        ASSERT_TRUE(std::holds_alternative<Oversized>(decoded));
        EXPECT_EQ(std::get<Oversized>(decoded).header, (FrameHeader{0, 7, 11}));
    }
}

TEST(FrameDecoder, TakesABodyOfExactlyTheLimit)
{
    FrameDecoder decoder{10};
    std::vector<Got> got;
    feed(decoder, encoded(7, std::string(10, 'x')));
    take_all(decoder, got);
    EXPECT_EQ(got, (std::vector<Got>{{7, std::string(10, 'x')}}));
}

TEST(FrameDecoder, AppliesANewLimitToTheNextFrame)
{
    FrameDecoder decoder{1};
    feed(decoder, encoded(1, "a") + encoded(2, "four"));
    ASSERT_TRUE(std::holds_alternative<Frame>(decoder.next()));
    decoder.limit(4);
    const Decoded second = decoder.next();
    ASSERT_TRUE(std::holds_alternative<Frame>(second));
    EXPECT_EQ(std::get<Frame>(second).body, "four");
}

TEST(FrameDecoder, DoesNotAllocateWhatIsOnlyAnnounced)
{
    FrameDecoder decoder{16 * 1024 * 1024};
    const auto header = encode_header({0, 1, 16 * 1024 * 1024});
    feed(decoder, {reinterpret_cast<const char*>(header.data()), header.size()});
    ASSERT_TRUE(std::holds_alternative<NeedMore>(decoder.next()));
    decoder.space();
    EXPECT_LE(decoder.capacity(), read_bytes_usual);
}

TEST(FrameDecoder, GrowsWithALargeBodyAndShrinksAfterIt)
{
    const std::string large(3 * 1024 * 1024, 'x');
    FrameDecoder decoder{16 * 1024 * 1024};
    std::vector<Got> got;
    const std::string bytes = encoded(1, large);
    for (std::size_t at = 0; at < bytes.size(); at += 50'000) {
        feed(decoder, std::string_view{bytes}.substr(at, 50'000));
        take_all(decoder, got);
        EXPECT_LE(decoder.capacity(), 3 * (at + 50'000) + read_bytes_usual);
    }
    EXPECT_EQ(got, (std::vector<Got>{{1, large}}));
    decoder.space();
    EXPECT_LE(decoder.capacity(), 4 * read_bytes_usual);
}

TEST(FrameDecoder, GivesABusyConnectionLongerReads)
{
    FrameDecoder decoder{1000};
    std::vector<Got> got;
    for (int i = 0; i < 8; ++i) {
        const std::size_t room = decoder.space().size();
        feed(decoder, std::string(room, '\0')); // zero-length frames
        take_all(decoder, got);
    }
    EXPECT_GE(decoder.space().size(), read_bytes_usual / 2);
}

} // namespace
} // namespace pandora::hub::wire
