// The 9-byte header that every frame of both dialects starts with:
//
//   offset 0  u8      flags (legacy: always 0; read and ignored)
//   offset 1  u32 BE  packet id of the sender, 1..2^30-1
//   offset 5  u32 BE  length of the body that follows
//
// Source: pandora-messenger 2.1.2; PROTOCOL.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace pandora::hub::wire {

inline constexpr std::size_t header_bytes = 9;
inline constexpr std::uint32_t packet_id_max = (1U << 30) - 1;

struct FrameHeader {
    std::uint8_t flags = 0;
    std::uint32_t id = 0;
    std::uint32_t body_bytes = 0;
    bool operator==(const FrameHeader&) const = default;
};

std::array<std::byte, header_bytes> encode_header(const FrameHeader& header);

/// Reads the header at the start of `bytes`; nullopt when fewer than header_bytes are there.
std::optional<FrameHeader> decode_header(std::span<const std::byte> bytes);

/// The id that follows `id`: counts up and wraps to 1, as the npm client does.
constexpr std::uint32_t next_packet_id(std::uint32_t id) { return id >= packet_id_max ? 1 : id + 1; }

} // namespace pandora::hub::wire
