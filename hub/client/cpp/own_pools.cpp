#include "hub/client/cpp/own_pools.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pandora::hub::client {

std::optional<wire::SharedPlace> OwnPools::put(std::string_view payload)
{
    if (payload.empty() || payload.size() > pool_bytes_max) return std::nullopt;
    for (std::size_t i = 0; i < pools_.size(); ++i) {
        if (const auto place = put_in(i, payload)) return place;
    }
    return add_pool(payload.size()) ? put_in(pools_.size() - 1, payload) : std::nullopt;
}

std::optional<wire::SharedPlace> OwnPools::put_in(std::size_t index, std::string_view payload)
{
    Pool& pool = pools_[index];
    const auto length = static_cast<std::uint32_t>(payload.size());
    const auto offset = pool.places.take(length);
    if (!offset) return std::nullopt;
    if (!has_memory(pool, *offset + length)) {
        pool.places.give_back(*offset);
        return std::nullopt;
    }
    std::memcpy(pool.memory.bytes.data() + *offset, payload.data(), payload.size());
    return wire::SharedPlace{.pool = static_cast<std::uint32_t>(index + 1), .offset = *offset, .length = length};
}

bool OwnPools::has_memory(Pool& pool, std::uint32_t end)
{
    if (end <= pool.reserved) return true;
    if (!source_->reserve(pool.memory, pool.reserved, end - pool.reserved)) return false;
    pool.reserved = end;
    return true;
}

bool OwnPools::add_pool(std::size_t bytes)
{
    if (pools_.size() >= pools_max) return false;
    const auto rounded = (bytes + Places::granule - 1) / Places::granule * Places::granule;
    const auto size = static_cast<std::uint32_t>(std::max<std::size_t>(rounded, pool_bytes));
    auto memory = source_->make(size);
    if (!memory) return false;
    pools_.push_back({std::move(*memory), Places{size}});
    announcements_.push_back({static_cast<std::uint32_t>(pools_.size()), size, pools_.back().memory.fd});
    return true;
}

void OwnPools::released(std::uint32_t pool, std::uint32_t offset)
{
    if (pool >= 1 && pool <= pools_.size()) pools_[pool - 1].places.give_back(offset);
}

} // namespace pandora::hub::client
