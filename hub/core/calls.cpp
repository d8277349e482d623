#include "hub/core/calls.hpp"

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

CallTable::CallTable() = default;

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
    push(make_ends(slot.value.caller).first_call, none, index,
         [&](std::uint32_t at) -> Links& { return calls_[at].of_caller; });
    ++open_calls_;
    return CallId{index};
}

LegId CallTable::add_leg(CallId call, PeerId callee, std::uint32_t packet)
{
    const std::uint32_t index = free_leg_slot();
    legs_[index].value = {call, callee, packet};
    CallSlot& owner = calls_[static_cast<std::size_t>(call)];
    push(owner.first_leg, none, index, [&](std::uint32_t at) -> Links& { return legs_[at].of_call; });
    ++owner.value.legs;
    ++make_ends(owner.value.caller).in_flight;
    Ends& target = make_ends(callee);
    push(target.first_leg, none, index, [&](std::uint32_t at) -> Links& { return legs_[at].of_callee; });
    ++target.outstanding;
    const bool fresh = by_packet_.emplace(key(callee, packet), LegId{index}).second;
    assert(fresh);
    static_cast<void>(fresh);
    return LegId{index};
}

std::optional<LegId> CallTable::find(PeerId callee, std::uint32_t packet) const
{
    const auto found = by_packet_.find(key(callee, packet));
    if (found == by_packet_.end()) return std::nullopt;
    return found->second;
}

void CallTable::close_leg(LegId id)
{
    const auto index = static_cast<std::uint32_t>(id);
    LegSlot& slot = legs_[index];
    by_packet_.erase(key(slot.value.callee, slot.value.packet));
    CallSlot& owner = calls_[static_cast<std::size_t>(slot.value.call)];
    remove(owner.first_leg, none, index, [&](std::uint32_t at) -> Links& { return legs_[at].of_call; });
    --owner.value.legs;
    --make_ends(owner.value.caller).in_flight;
    Ends& target = make_ends(slot.value.callee);
    remove(target.first_leg, none, index, [&](std::uint32_t at) -> Links& { return legs_[at].of_callee; });
    --target.outstanding;
    slot.of_callee.next = std::exchange(free_leg_, index);
}

void CallTable::close(CallId id)
{
    const auto index = static_cast<std::uint32_t>(id);
    while (const auto leg = any_leg_in(id)) close_leg(*leg);
    CallSlot& slot = calls_[index];
    assert(slot.open);
    remove(make_ends(slot.value.caller).first_call, none, index,
           [&](std::uint32_t at) -> Links& { return calls_[at].of_caller; });
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

std::optional<LegId> CallTable::any_leg_in(CallId call) const
{
    const std::uint32_t first = calls_[static_cast<std::size_t>(call)].first_leg;
    return first == none ? std::nullopt : std::optional{LegId{first}};
}

} // namespace pandora::hub::core
