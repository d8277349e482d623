#include "hub/wire/frame.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pandora::hub::wire {
namespace {

TEST(Frame, HeaderIsNineBytesBigEndian)
{
    const auto bytes = encode_header({0x40, 0x01020304, 0x0A0B0C0D});
    const std::vector<int> want{0x40, 1, 2, 3, 4, 10, 11, 12, 13};
    std::vector<int> got;
    for (const std::byte byte : bytes) got.push_back(std::to_integer<int>(byte));
    EXPECT_EQ(got, want);
}

TEST(Frame, DecodesWhatItEncodesAtTheEdgesOfEachField)
{
    for (const std::uint32_t id : {0U, 1U, packet_id_max, ~0U})
        for (const std::uint32_t length : {0U, 255U, 65536U, ~0U}) {
            const FrameHeader header{0xFF, id, length};
            EXPECT_EQ(decode_header(encode_header(header)), header);
        }
}

TEST(Frame, FewerThanNineBytesAreNoHeader)
{
    const auto bytes = encode_header({0, 1, 2});
    for (std::size_t size = 0; size < header_bytes; ++size)
        EXPECT_EQ(decode_header(std::span{bytes}.first(size)), std::nullopt) << size;
}

TEST(Frame, PacketIdsWrapFromTheLastToOneAndNeverBecomeZero)
{
    EXPECT_EQ(next_packet_id(0), 1U);
    EXPECT_EQ(next_packet_id(41), 42U);
    EXPECT_EQ(next_packet_id(packet_id_max - 1), packet_id_max);
    EXPECT_EQ(next_packet_id(packet_id_max), 1U);
    EXPECT_EQ(next_packet_id(~0U), 1U);
}

} // namespace
} // namespace pandora::hub::wire
