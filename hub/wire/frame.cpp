#include "hub/wire/frame.hpp"

#include "hub/wire/big_endian.hpp"

namespace pandora::hub::wire {

std::array<std::byte, header_bytes> encode_header(const FrameHeader& header)
{
    std::array<std::byte, header_bytes> bytes{static_cast<std::byte>(header.flags)};
    store_big_endian(header.id, bytes.data() + 1);
    store_big_endian(header.body_bytes, bytes.data() + 5);
    return bytes;
}

std::optional<FrameHeader> decode_header(std::span<const std::byte> bytes)
{
    if (bytes.size() < header_bytes) return std::nullopt;
    return FrameHeader{std::to_integer<std::uint8_t>(bytes[0]), load_big_endian<std::uint32_t>(bytes.data() + 1),
                       load_big_endian<std::uint32_t>(bytes.data() + 5)};
}

} // namespace pandora::hub::wire
