#include "hub/client/cpp/own_pools.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pandora::hub::client {

std::optional<wire::SharedPlace> OwnPools::put(std::string_view payload)
{
    if (payload.empty() || payload.size() > wire::pool_bytes_max) return std::nullopt;
    const auto length = static_cast<std::uint32_t>(payload.size());
    for (Pool& pool : pools_) {
        if (const auto offset = pool.places.take(length)) return fill(pool, *offset, payload);
    }
    if (!add_pool(length)) return std::nullopt;
    return fill(pools_.back(), pools_.back().places.take(length).value(), payload);
}

std::optional<wire::SharedPlace> OwnPools::fill(Pool& pool, std::uint32_t offset, std::string_view payload)
{
    const auto length = static_cast<std::uint32_t>(payload.size());
    if (!has_memory(pool, offset + length)) {
        pool.places.give_back(offset);
        return std::nullopt;
    }
    std::memcpy(pool.memory.bytes.data() + offset, payload.data(), payload.size());
    return wire::SharedPlace{.pool = pool.number, .offset = offset, .length = length};
}

bool OwnPools::has_memory(Pool& pool, std::uint32_t end)
{
    if (end <= pool.reserved) return true;
    if (!source_->reserve(pool.memory, pool.reserved, end - pool.reserved)) return false;
    pool.reserved = end;
    return true;
}

/// One that has room for `bytes`, which no other has: a pool that nobody uses is too small.
bool OwnPools::add_pool(std::uint32_t bytes)
{
    if (!makes_more_) return false;
    auto outgrown = pools_.end();
    if (pools_.size() >= wire::pools_of_client_max) {
        outgrown = std::ranges::find_if(pools_, [](const Pool& pool) { return pool.places.empty(); });
        if (outgrown == pools_.end()) return false;
    }
    const std::uint32_t rounded = (bytes + Places::granule - 1) / Places::granule * Places::granule;
    const std::uint32_t size = std::max(rounded, pool_bytes);
    auto memory = source_->make(size);
    if (!memory) return false;
    if (outgrown != pools_.end()) {
        announcements_.push_back({.pool = outgrown->number});
        pools_.erase(outgrown);
    }
    pools_.push_back({++last_number_, std::move(*memory), Places{size}});
    announcements_.push_back({last_number_, size, pools_.back().memory.fd});
    return true;
}

bool OwnPools::can_hold(std::size_t bytes) const
{
    const auto fits = [bytes](const Pool& pool) { return bytes <= pool.memory.bytes.size(); };
    return makes_more_ ? bytes <= wire::pool_bytes_max : std::ranges::any_of(pools_, fits);
}

bool OwnPools::has(std::uint32_t pool) const { return std::ranges::find(pools_, pool, &Pool::number) != pools_.end(); }

void OwnPools::refused(std::uint32_t pool)
{
    std::erase_if(pools_, [pool](const Pool& one) { return one.number == pool; });
    makes_more_ = false;
}

void OwnPools::released(std::uint32_t pool, std::uint32_t offset)
{
    const auto found = std::ranges::find(pools_, pool, &Pool::number);
    if (found != pools_.end()) found->places.give_back(offset);
}

} // namespace pandora::hub::client
