// The frames a connection has still to write, as chunks for one gathered write.
// Pure.
#pragma once

#include "hub/client/cpp/message.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pandora::hub::client {

class Outbox {
public:
    /// Appends one frame. Small frames share a chunk; the body of a large one
    /// becomes a chunk without being copied.
    void push(std::uint32_t id, OutFrame frame);

    /// Hands over everything queued. Its bytes count as queued until written()
    /// tells that the kernel has them.
    std::vector<std::string> take();

    void written() { taken_bytes_ = 0; }

    bool empty() const { return chunks_.empty(); }

    /// Queued here, or taken and not yet written.
    std::size_t bytes() const { return bytes_ + taken_bytes_; }

    void clear();

private:
    std::vector<std::string> chunks_;
    std::size_t bytes_ = 0;
    std::size_t taken_bytes_ = 0;
};

} // namespace pandora::hub::client
