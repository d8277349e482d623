#include "hub/core/calls.hpp"

#include "hub/wire/frame.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pandora::hub::core {

namespace {

/// Puts `index` at the head of a list whose links are `links(index)`.
template <class LinksOf>
void push(std::uint32_t& head, std::uint32_t none, std::uint32_t index, LinksOf links)
{
    links(index) = {head, none};
    if (head != none) links(head).previous = index;
    head = index;
}

template <class LinksOf>
void remove(std::uint32_t& head, std::uint32_t none, std::uint32_t index, LinksOf links)
{
    const auto [next, previous] = links(index);
    if (next != none) links(next).previous = previous;
    (previous != none ? links(previous).next : head) = next;
}

} // namespace

const CallTable::Ends& CallTable::ends(PeerId peer) const
{
    static const Ends nothing;
    return index_of(peer) < ends_.size() ? ends_[index_of(peer)] : nothing;
}

CallTable::Ends& CallTable::make_ends(PeerId peer)
{
    if (index_of(peer) >= ends_.size()) ends_.resize(index_of(peer) + 1);
    return ends_[index_of(peer)];
}

std::uint32_t CallTable::free_call_slot()
{
    if (free_call_ == none) {
        calls_.emplace_back();
        return static_cast<std::uint32_t>(calls_.size() - 1);
    }
    return std::exchange(free_call_, calls_[free_call_].of_caller.next);
}

std::uint32_t CallTable::free_leg_slot()
{
    if (free_leg_ == none) {
        legs_.emplace_back();
        return static_cast<std::uint32_t>(legs_.size() - 1);
    }
    return std::exchange(free_leg_, legs_[free_leg_].of_callee.next);
}

CallId CallTable::open(Call call)
{
    const std::uint32_t index = free_call_slot();
    CallSlot& slot = calls_[index];
    slot.value = std::move(call);
    slot.first_leg = none;
    slot.open = true;
    if (++open_calls_ > packets_.size())
        widen_packets(); // which finds this one as well
    else
        push(chain_of(slot.value), none, index, [&](std::uint32_t at) -> Links& { return calls_[at].of_packet; });
    push(make_ends(slot.value.caller).first_call, none, index,
         [&](std::uint32_t at) -> Links& { return calls_[at].of_caller; });
    return CallId{index};
}

void CallTable::begin(PeerId peer)
{
    Ends& ends = make_ends(peer);
    assert(ends.first_call == none && ends.first_leg == none);
    ends = {};
}

std::uint32_t CallTable::next_packet(PeerId to)
{
    Ends& ends = make_ends(to);
    ends.last_packet = wire::next_packet_id(ends.last_packet);
    if (ends.last_packet == wire::packet_id_max) ends.wrapped = true;
    return ends.last_packet;
}

/// Twice the ring, or the first one, with the open legs in their places.
void CallTable::widen(Ends& at)
{
    constexpr std::size_t ring_min = 16;
    at.ring.assign(std::max(ring_min, 2 * at.ring.size()), none);
    for (std::uint32_t leg = at.first_leg; leg != none; leg = legs_[leg].of_callee.next)
        place(at, legs_[leg].value.packet) = leg;
}

LegId CallTable::add_leg(CallId call, PeerId callee)
{
    const std::uint32_t index = free_leg_slot();
    Ends& target = make_ends(callee);
    // Half empty at least: an id whose place is still held by an old leg is skipped, and that must stay rare.
    if (2 * (target.outstanding + 1) > target.ring.size()) widen(target);
    std::uint32_t packet = next_packet(callee);
    while (place(target, packet) != none) packet = next_packet(callee);
    place(target, packet) = index;
    legs_[index].value = {call, callee, packet};

    CallSlot& owner = calls_[static_cast<std::size_t>(call)];
    push(owner.first_leg, none, index, [&](std::uint32_t at) -> Links& { return legs_[at].of_call; });
    push(target.first_leg, none, index, [&](std::uint32_t at) -> Links& { return legs_[at].of_callee; });
    ++owner.value.legs;
    ++target.outstanding;
    ++make_ends(owner.value.caller).in_flight;
    return LegId{index};
}

std::optional<LegId> CallTable::find(PeerId callee, std::uint32_t packet) const
{
    const Ends& at = ends(callee);
    if (at.ring.empty()) return std::nullopt;
    const std::uint32_t index = at.ring[packet & (at.ring.size() - 1)];
    if (index == none || legs_[index].value.packet != packet) return std::nullopt;
    return LegId{index};
}

bool CallTable::was_given(PeerId callee, std::uint32_t packet) const
{
    const Ends& at = ends(callee);
    return packet != 0 && (at.wrapped || packet <= at.last_packet);
}

void CallTable::keep(CallId id, KeptBy by)
{
    Call& call = (*this)[id];
    assert(call.legs == 0 && call.kept_by == KeptBy::nobody);
    call.kept_by = by;
    ++make_ends(call.caller).in_flight;
}

void CallTable::take_back(CallId id)
{
    Call& call = (*this)[id];
    if (call.kept_by == KeptBy::nobody) return;
    call.kept_by = KeptBy::nobody;
    --make_ends(call.caller).in_flight;
}

std::optional<CallId> CallTable::call_of(PeerId caller, std::uint32_t packet) const
{
    if (packets_.empty()) return std::nullopt;
    for (std::uint32_t at = packets_[hash_of(caller, packet)]; at != none; at = calls_[at].of_packet.next)
        if (calls_[at].value.caller == caller && calls_[at].value.packet == packet) return CallId{at};
    return std::nullopt;
}

/// The finalizer of splitmix64, which leaves no pattern of ids (Steele, Lea and Flood, 2014).
std::size_t CallTable::hash_of(PeerId caller, std::uint32_t packet) const
{
    std::uint64_t hash = (std::uint64_t{static_cast<std::uint32_t>(caller)} << 32 | packet) ^ secret_;
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
    return (hash ^ hash >> 31) & (packets_.size() - 1);
}

std::uint32_t& CallTable::chain_of(const Call& call) { return packets_[hash_of(call.caller, call.packet)]; }

/// Twice the chains, or the first ones, with the open calls in them.
void CallTable::widen_packets()
{
    constexpr std::size_t chains_min = 16;
    packets_.assign(std::max(chains_min, 2 * packets_.size()), none);
    for (std::uint32_t index = 0; index < calls_.size(); ++index)
        if (calls_[index].open)
            push(chain_of(calls_[index].value), none, index,
                 [&](std::uint32_t at) -> Links& { return calls_[at].of_packet; });
}

void CallTable::close_leg(LegId id)
{
    const auto index = static_cast<std::uint32_t>(id);
    LegSlot& slot = legs_[index];
    CallSlot& owner = calls_[static_cast<std::size_t>(slot.value.call)];
    remove(owner.first_leg, none, index, [&](std::uint32_t at) -> Links& { return legs_[at].of_call; });
    --owner.value.legs;
    --make_ends(owner.value.caller).in_flight;
    Ends& target = make_ends(slot.value.callee);
    remove(target.first_leg, none, index, [&](std::uint32_t at) -> Links& { return legs_[at].of_callee; });
    --target.outstanding;
    place(target, slot.value.packet) = none;
    slot.of_callee.next = std::exchange(free_leg_, index);
}

void CallTable::close(CallId id)
{
    const auto index = static_cast<std::uint32_t>(id);
    while (const auto leg = any_leg_in(id)) close_leg(*leg);
    take_back(id);
    CallSlot& slot = calls_[index];
    assert(slot.open);
    remove(make_ends(slot.value.caller).first_call, none, index,
           [&](std::uint32_t at) -> Links& { return calls_[at].of_caller; });
    remove(chain_of(slot.value), none, index, [&](std::uint32_t at) -> Links& { return calls_[at].of_packet; });
    slot.value = {};
    slot.open = false;
    slot.of_caller.next = std::exchange(free_call_, index);
    --open_calls_;
}

std::optional<CallId> CallTable::any_call_of(PeerId caller) const
{
    const std::uint32_t first = ends(caller).first_call;
    return first == none ? std::nullopt : std::optional{CallId{first}};
}

std::optional<LegId> CallTable::any_leg_of(PeerId callee) const
{
    const std::uint32_t first = ends(callee).first_leg;
    return first == none ? std::nullopt : std::optional{LegId{first}};
}

void CallTable::legs_of(PeerId callee, std::vector<LegId>& into) const
{
    for (std::uint32_t at = ends(callee).first_leg; at != none; at = legs_[at].of_callee.next)
        into.push_back(LegId{at});
}

std::optional<LegId> CallTable::any_leg_in(CallId call) const
{
    const std::uint32_t first = calls_[static_cast<std::size_t>(call)].first_leg;
    return first == none ? std::nullopt : std::optional{LegId{first}};
}

} // namespace pandora::hub::core
