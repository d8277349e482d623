// The tails of all instances: written by the reading thread, read by any.
#pragma once

#include "supervisor/logs/tail_ring.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace pandora::supervisor::logs {

/// Of one instance, over all its runs. Takes memory with the first line.
class Tail {
public:
    void add(Block block, Stream stream, WallTime time, std::uint32_t lines_max);
    std::vector<TailLine> last(std::size_t lines, std::uint64_t from) const;

private:
    mutable std::mutex mutex_;
    std::unique_ptr<TailRing> ring_;
    std::uint32_t lines_max_ = 0; // of ring_
};

class Tails {
public:
    std::shared_ptr<Tail> of(const InstanceKey& instance);
    std::vector<TailLine> last(const InstanceKey& instance, std::size_t lines, std::uint64_t from) const;

private:
    mutable std::mutex mutex_;
    std::map<InstanceKey, std::shared_ptr<Tail>> tails_;
};

} // namespace pandora::supervisor::logs
