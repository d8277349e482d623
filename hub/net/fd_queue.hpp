// Descriptors that have come over one connection and wait for the frame that states them. Pure.
#pragma once

#include "hub/core/fd.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace pandora::hub::net {

/// First come, first taken. Few wait, and mostly none.
class FdQueue {
public:
    /// Choice: four frames of the most that a frame may carry. Whoever follows the protocol never has more than those
    /// of one frame waiting, since what is complete has been claimed.
    static constexpr std::size_t size_max = 16;

    bool empty() const { return waiting_.empty(); }

    std::size_t size() const { return waiting_.size(); }

    std::size_t room() const { return size_max - waiting_.size(); }

    /// Where new ones are put behind those that wait: at most room().
    std::vector<core::Fd>& back() { return waiting_; }

    /// The `count` oldest; nullopt: so many have not come.
    std::optional<std::vector<core::Fd>> take(std::size_t count);

    /// Lets go of all. Returns how many there were.
    std::size_t clear();

private:
    std::vector<core::Fd> waiting_;
};

} // namespace pandora::hub::net
