#include "hub/core/pools.hpp"

#include <utility>

namespace pandora::hub::core {

bool Pools::announce(PeerId owner, std::uint32_t number, Fd fd, std::uint64_t bytes)
{
    std::size_t own = 0;
    for (auto it = pools_.lower_bound({owner, 0}); it != pools_.end() && it->first.owner == owner; ++it) ++own;
    if (own >= pools_of_client_max || bytes == 0 || bytes > pool_bytes_max) return false;
    return pools_.try_emplace({owner, number}, Pool{std::move(fd), bytes, {}}).second;
}

std::vector<PeerId> Pools::withdraw(PeerId owner, std::uint32_t number)
{
    const auto node = pools_.extract({owner, number});
    if (node.empty()) return {};
    return {node.mapped().known_by.begin(), node.mapped().known_by.end()};
}

std::vector<std::uint32_t> Pools::of(PeerId owner) const
{
    std::vector<std::uint32_t> numbers;
    for (auto it = pools_.lower_bound({owner, 0}); it != pools_.end() && it->first.owner == owner; ++it)
        numbers.push_back(it->first.number);
    return numbers;
}

const Pools::Pool* Pools::find(PeerId owner, std::uint32_t number) const
{
    const auto found = pools_.find({owner, number});
    return found == pools_.end() ? nullptr : &found->second;
}

bool Pools::introduce(PeerId owner, std::uint32_t number, PeerId receiver)
{
    const auto found = pools_.find({owner, number});
    return found != pools_.end() && found->second.known_by.insert(receiver).second;
}

bool Pools::lend(const Place& place, PeerId receiver)
{
    auto& held = held_[receiver];
    if (held.size() >= places_held_max) return false;
    held.insert(place);
    return true;
}

bool Pools::give_back(const Place& place, PeerId receiver)
{
    const auto held = held_.find(receiver);
    if (held == held_.end()) return false;
    const auto found = held->second.find(place);
    if (found == held->second.end()) return false;
    held->second.erase(found);
    if (held->second.empty()) held_.erase(held);
    return true;
}

std::vector<Pools::Place> Pools::gone(PeerId peer)
{
    std::erase_if(pools_, [peer](const auto& entry) { return entry.first.owner == peer; });
    for (auto& [key, pool] : pools_) pool.known_by.erase(peer);
    for (auto& [receiver, places] : held_)
        std::erase_if(places, [peer](const Place& place) { return place.owner == peer; });
    const auto node = held_.extract(peer);
    if (node.empty()) return {};
    return {node.mapped().begin(), node.mapped().end()};
}

} // namespace pandora::hub::core
