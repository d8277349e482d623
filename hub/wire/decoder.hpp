// The receive side of one connection: bytes in, frames out. Pure; the caller does the reading.
#pragma once

#include "hub/wire/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>

namespace pandora::hub::wire {

/// One complete frame. `body` points into the decoder's buffer and holds until space() or commit() is called.
struct Frame {
    FrameHeader header;
    std::string_view body;
};

struct NeedMore {
    bool operator==(const NeedMore&) const = default;
};

/// The header announces more than the limit. Nothing behind it can be understood: the connection must end.
struct Oversized {
    FrameHeader header;
};

using Decoded = std::variant<NeedMore, Frame, Oversized>;

/// A buffer that grows with the data that has arrived, never to a length that a peer has merely announced,
/// and shrinks when it has run empty. One object a connection; not thread-safe.
class FrameDecoder {
public:
    explicit FrameDecoder(std::uint32_t body_bytes_max) : body_bytes_max_{body_bytes_max} {}

    /// Bodies above `bytes` are refused from the next frame on.
    void limit(std::uint32_t bytes) { body_bytes_max_ = bytes; }

    /// Where the next bytes go: at least read_bytes_min of room.
    std::span<std::byte> space();

    /// Says that `bytes` of space() have been filled.
    void commit(std::size_t bytes)
    {
        end_ += bytes;
        filled_ = end_ == capacity_;
    }

    /// The next complete frame. After Oversized it says Oversized for ever.
    Decoded next();

    /// The bytes held of a frame that is not complete. Meaningful after next() has said NeedMore.
    std::size_t partial_bytes() const { return end_ - begin_; }

    std::size_t capacity() const { return capacity_; }

private:
    void make_room();
    void reallocate(std::size_t bytes);

    std::unique_ptr<std::byte[]> buffer_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0; // of what next() has not handed out
    std::size_t end_ = 0;   // of what has been committed
    bool filled_ = false;   // the last read took all the room there was: more is probably waiting
    std::uint32_t body_bytes_max_;
};

/// One read costs a system call, so room for many small frames; idle connections should still be cheap.
/// Choice.
inline constexpr std::size_t read_bytes_min = 8 * 1024;
/// What a busy connection's buffer grows to before a single frame needs more. Choice: NATS reads 64 KiB at a
/// time.
inline constexpr std::size_t read_bytes_usual = 64 * 1024;

} // namespace pandora::hub::wire
