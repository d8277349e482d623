/// The 9-byte header of the hub's frames (hub/PROTOCOL.md, section 2), written once more on purpose: the load
/// shares no code with what it measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::bench::hub_load {

constexpr std::size_t frame_header_bytes = 9;

struct Frame {
    std::uint8_t flags = 0;
    std::uint32_t id = 0;
    std::string_view body{};

    std::size_t bytes() const { return frame_header_bytes + body.size(); }
};

/// Big endian, `bytes` of them.
inline void append_number(std::string& out, std::uint64_t value, unsigned bytes)
{
    while (bytes-- > 0) out.push_back(static_cast<char>(value >> (8 * bytes) & 0xff));
}

inline std::uint64_t read_number(std::string_view from, std::size_t at, std::size_t bytes)
{
    std::uint64_t value = 0;
    for (std::size_t each = at; each < at + bytes; ++each) value = value << 8 | static_cast<std::uint8_t>(from[each]);
    return value;
}

inline void append_frame_header(std::string& out, std::uint8_t flags, std::uint32_t id, std::size_t body_bytes)
{
    append_number(out, flags, 1);
    append_number(out, id, 4);
    append_number(out, body_bytes, 4);
}

/// The frame at the front; nothing while it is not all there.
inline std::optional<Frame> read_frame(std::string_view input)
{
    if (input.size() < frame_header_bytes) return std::nullopt;
    const std::uint64_t length = read_number(input, 5, 4);
    if (input.size() < frame_header_bytes + length) return std::nullopt;
    return Frame{static_cast<std::uint8_t>(input[0]), static_cast<std::uint32_t>(read_number(input, 1, 4)),
                 input.substr(frame_header_bytes, length)};
}

} // namespace pandora::bench::hub_load
