// The frames a connection has still to write, as chunks for one gathered write. Pure.
#pragma once

#include "hub/client/cpp/message.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pandora::hub::client {

/// Bytes to be written, and the descriptor that goes with the first of them.
struct Chunk {
    Content bytes;
    std::shared_ptr<const OwnedFd> fd = nullptr;
};

class Outbox {
public:
    /// Appends one frame. Small frames share a chunk; the body of a large one becomes a chunk without being copied. One
    /// with a descriptor begins a chunk.
    void push(std::uint32_t id, OutFrame frame);

    /// Hands over everything queued. Its bytes count as queued until written() tells that the kernel has them.
    std::vector<Chunk> take();

    void written() { taken_bytes_ = 0; }

    /// Queued here, or taken and not yet written.
    std::size_t bytes() const { return bytes_ + taken_bytes_; }

    void clear();

private:
    void seal();

    std::vector<Chunk> chunks_;
    std::string open_; // the last one, to which more is appended
    std::shared_ptr<const OwnedFd> open_fd_;
    std::size_t bytes_ = 0;
    std::size_t taken_bytes_ = 0;
};

} // namespace pandora::hub::client
