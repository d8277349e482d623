#include "hub/core/pools.hpp"

#include <algorithm>
#include <iterator>
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
    if (of(owner).size() >= wire::pools_of_client_max || bytes == 0 || bytes > wire::pool_bytes_max) return false;
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
    std::size_t bytes = index_of(owner) < lent_.size() ? lent_[index_of(owner)] * place_bytes : 0;
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
    Held& held = held_[receiver];
    std::size_t& of_owner = held.of[place.owner];
    if (of_owner + held.places.size() >= wire::places_held_max) {
        if (of_owner == 0) held.of.erase(place.owner);
        return false;
    }
    ++of_owner;
    held.places.insert(place);
    if (index_of(place.owner) >= lent_.size()) lent_.resize(index_of(place.owner) + 1);
    ++lent_[index_of(place.owner)];
    ++lendings_;
    return true;
}

bool Pools::give_back(const Place& place, PeerId receiver)
{
    const auto held = held_.find(receiver);
    if (held == held_.end()) return false;
    auto& [places, of] = held->second;
    const auto found = places.find(place);
    if (found == places.end()) return false;
    places.erase(found);
    if (--of.find(place.owner)->second == 0) of.erase(place.owner);
    if (places.empty()) held_.erase(held);
    --lent_[index_of(place.owner)];
    return true;
}

std::vector<Pools::Place> Pools::gone(PeerId peer)
{
    std::erase_if(pools_, [peer](const auto& entry) { return entry.first.owner == peer; });
    for (auto& [key, pool] : pools_)
        if (index_of(peer) < pool.known_by.size()) pool.known_by[index_of(peer)] = false;
    std::vector<Place> places;
    if (const auto node = held_.extract(peer))
        std::ranges::remove_copy(node.mapped().places, std::back_inserter(places), peer, &Place::owner);
    for (const Place& place : places) --lent_[index_of(place.owner)];
    if (index_of(peer) >= lent_.size() || std::exchange(lent_[index_of(peer)], 0) == 0) return places;
    for (auto at = held_.begin(); at != held_.end();) {
        auto& [held, of] = at->second;
        if (of.erase(peer) > 0) // places of one owner stand together
            held.erase(held.lower_bound({peer, 0, 0}),
                       held.lower_bound({PeerId{static_cast<std::uint32_t>(peer) + 1}, 0, 0}));
        at = held.empty() ? held_.erase(at) : std::next(at);
    }
    return places;
}

} // namespace pandora::hub::core
