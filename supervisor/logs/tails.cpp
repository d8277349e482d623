#include "supervisor/logs/tails.hpp"

namespace pandora::supervisor::logs {

/// Another limit, from a changed procfile, begins another ring.
void Tail::add(Block block, Stream stream, WallTime time, std::uint32_t lines_max)
{
    if (lines_max == 0) return;
    const std::lock_guard lock{mutex_};
    if (!ring_ || lines_max != lines_max_) ring_ = std::make_unique<TailRing>(lines_max);
    lines_max_ = lines_max;
    ring_->add(block, stream, time);
}

std::vector<TailLine> Tail::last(std::size_t lines, std::uint64_t from) const
{
    const std::lock_guard lock{mutex_};
    return ring_ ? ring_->last(lines, from) : std::vector<TailLine>{};
}

std::shared_ptr<Tail> Tails::of(const InstanceKey& instance)
{
    const std::lock_guard lock{mutex_};
    auto& tail = tails_[instance];
    if (!tail) tail = std::make_shared<Tail>();
    return tail;
}

std::vector<TailLine> Tails::last(const InstanceKey& instance, std::size_t lines, std::uint64_t from) const
{
    std::shared_ptr<Tail> tail;
    {
        const std::lock_guard lock{mutex_};
        const auto found = tails_.find(instance);
        if (found == tails_.end()) return {};
        tail = found->second;
    }
    return tail->last(lines, from);
}

} // namespace pandora::supervisor::logs
