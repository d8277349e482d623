#include "hub/wire/frame.hpp"

#include "hub/wire/big_endian.hpp"

#include <cstring>

namespace pandora::hub::wire {

namespace {

void put_u32(std::byte* at, std::uint32_t value)
{
    value = from_big_endian(value); // the way back is the same
    std::memcpy(at, &value, sizeof value);
}

std::uint32_t get_u32(const std::byte* at)
{
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return from_big_endian(value);
}

} // namespace

std::array<std::byte, header_bytes> encode_header(const FrameHeader& header)
{
    std::array<std::byte, header_bytes> bytes{static_cast<std::byte>(header.flags)};
    put_u32(bytes.data() + 1, header.id);
    put_u32(bytes.data() + 5, header.body_bytes);
    return bytes;
}

std::optional<FrameHeader> decode_header(std::span<const std::byte> bytes)
{
    if (bytes.size() < header_bytes) return std::nullopt;
    return FrameHeader{std::to_integer<std::uint8_t>(bytes[0]), get_u32(bytes.data() + 1), get_u32(bytes.data() + 5)};
}

} // namespace pandora::hub::wire
