#include "hub/core/pools.hpp"

#include <utility>

namespace pandora::hub::core {

namespace {

/// Of a pool: the node with the descriptor's number and count, and what the heap adds.
constexpr std::size_t pool_record_bytes = 256;

} // namespace

/// Calls `act(number, pool)` for each.
template <class Act>
void Pools::each_of(PeerId owner, Act act) const
{
    for (auto it = pools_.lower_bound({owner, 0}); it != pools_.end() && it->first.owner == owner; ++it)
        act(it->first.number, it->second);
}

bool Pools::announce(PeerId owner, std::uint32_t number, Fd fd, std::uint64_t bytes)
{
    if (of(owner).size() >= pools_of_client_max || bytes == 0 || bytes > pool_bytes_max) return false;
    return pools_.try_emplace({owner, number}, Pool{std::move(fd), bytes, {}}).second;
}

std::vector<PeerId> Pools::withdraw(PeerId owner, std::uint32_t number)
{
    const auto node = pools_.extract({owner, number});
    std::vector<PeerId> knowers;
    if (node.empty()) return knowers;
    const std::vector<bool>& known_by = node.mapped().known_by;
    for (std::uint32_t peer = 0; peer < known_by.size(); ++peer)
        if (known_by[peer]) knowers.push_back(PeerId{peer});
    return knowers;
}

std::vector<std::uint32_t> Pools::of(PeerId owner) const
{
    std::vector<std::uint32_t> numbers;
    each_of(owner, [&](std::uint32_t number, const Pool&) { numbers.push_back(number); });
    return numbers;
}

std::size_t Pools::bytes(PeerId owner) const
{
    const auto lent = lent_.find(owner);
    std::size_t bytes = lent == lent_.end() ? 0 : lent->second * place_bytes;
    each_of(owner, [&](std::uint32_t, const Pool& pool) { bytes += pool_record_bytes + pool.known_by.capacity() / 8; });
    return bytes;
}

const Pools::Pool* Pools::find(PeerId owner, std::uint32_t number) const
{
    const auto found = pools_.find({owner, number});
    return found == pools_.end() ? nullptr : &found->second;
}

bool Pools::is_known(PeerId owner, std::uint32_t number, PeerId receiver) const
{
    const Pool* const pool = find(owner, number);
    return pool && index_of(receiver) < pool->known_by.size() && pool->known_by[index_of(receiver)];
}

bool Pools::introduce(PeerId owner, std::uint32_t number, PeerId receiver)
{
    const auto found = pools_.find({owner, number});
    if (found == pools_.end()) return false;
    std::vector<bool>& known_by = found->second.known_by;
    if (index_of(receiver) >= known_by.size()) known_by.resize(index_of(receiver) + 1);
    const bool knew = known_by[index_of(receiver)];
    known_by[index_of(receiver)] = true;
    return !knew;
}

bool Pools::lend(const Place& place, PeerId receiver)
{
    auto& held = held_[receiver];
    if (held.size() >= places_held_max) return false;
    held.insert(place);
    ++lent_[place.owner];
    ++lendings_;
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
    take_back(place.owner);
    return true;
}

/// One place fewer is lent.
void Pools::take_back(PeerId owner)
{
    const auto lent = lent_.find(owner);
    if (--lent->second == 0) lent_.erase(lent);
}

std::vector<Pools::Place> Pools::gone(PeerId peer)
{
    std::erase_if(pools_, [peer](const auto& entry) { return entry.first.owner == peer; });
    for (auto& [key, pool] : pools_)
        if (index_of(peer) < pool.known_by.size()) pool.known_by[index_of(peer)] = false;
    std::vector<Place> places;
    if (const auto node = held_.extract(peer)) places.assign(node.mapped().begin(), node.mapped().end());
    std::erase_if(places, [peer](const Place& place) { return place.owner == peer; });
    for (const Place& place : places) take_back(place.owner);
    if (lent_.erase(peer) == 0) return places;
    for (auto& [receiver, held] : held_) // places of one owner stand together
        held.erase(held.lower_bound({peer, 0, 0}),
                   held.lower_bound({PeerId{static_cast<std::uint32_t>(peer) + 1}, 0, 0}));
    return places;
}

} // namespace pandora::hub::core
