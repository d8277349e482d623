// Cuts the byte stream of a connection into frames. Pure: bytes in, frames out.
#pragma once

#include "hub/wire/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pandora::hub::client {

/// The body is valid until the reader is used again.
struct Frame {
    std::uint32_t id = 0;
    std::string_view body;
};

/// The buffer grows with what has arrived, never to what a header announces.
class FrameReader {
public:
    explicit FrameReader(std::uint32_t body_bytes_max) : body_bytes_max_{body_bytes_max} {}

    void append(std::span<const std::byte> bytes);

    /// The next complete frame; nullopt when more bytes are needed, or for ever once a frame was too large.
    std::optional<Frame> next();

    /// The length that the frame at hand announces, where it is over the limit: the connection is of no use
    /// any more.
    std::optional<std::uint32_t> oversized() const { return oversized_; }

    /// Forgets everything, for a new connection.
    void reset();

private:
    std::uint32_t body_bytes_max_;
    std::string buffer_;
    std::size_t consumed_ = 0;
    std::optional<std::uint32_t> oversized_;
};

} // namespace pandora::hub::client
