#include "hub/core/deadlines.hpp"

#include <algorithm>
#include <bit>

namespace pandora::hub::core {

std::uint64_t Deadlines::tick_at_or_after(TimePoint at) const
{
    if (at <= origin_) return 0;
    return static_cast<std::uint64_t>(std::chrono::ceil<Millis>(at - origin_).count());
}

void Deadlines::arm(Key key, TimePoint at)
{
    if (key >= nodes_.size()) nodes_.resize(key + 1);
    cancel(key);
    nodes_[key].tick = tick_at_or_after(at);
    link(key);
}

void Deadlines::cancel(Key key)
{
    if (armed(key)) unlink(key);
}

void Deadlines::link(Key key)
{
    Node& node = nodes_[key];
    // The horizon is one slot short of a full turn of the last level, whose current slot must not be met
    // again at once.
    constexpr std::uint64_t horizon = (std::uint64_t{1} << (slot_bits * levels)) - (1ULL << (slot_bits * (levels - 1)));
    const std::uint64_t tick = std::clamp(node.tick, tick_ + 1, tick_ + horizon);

    // The level is that of the highest digit (base 64) in which the tick differs from now; a difference above
    // the last level is a wrap of that level.
    const auto highest_bit = static_cast<unsigned>(std::bit_width(tick ^ tick_)) - 1;
    const unsigned level = std::min(highest_bit / slot_bits, levels - 1);
    const auto slot = static_cast<unsigned>(tick >> (slot_bits * level)) % slots;

    node.slot = static_cast<std::uint16_t>(level * slots + slot);
    node.previous = none;
    node.next = heads_[node.slot];
    if (node.next != none) nodes_[node.next].previous = key;
    heads_[node.slot] = key;
    occupied_[level] |= std::uint64_t{1} << slot;
}

void Deadlines::unlink(Key key)
{
    Node& node = nodes_[key];
    if (node.next != none) nodes_[node.next].previous = node.previous;
    if (node.previous != none)
        nodes_[node.previous].next = node.next;
    else
        heads_[node.slot] = node.next;
    if (heads_[node.slot] == none) occupied_[node.slot / slots] &= ~(std::uint64_t{1} << node.slot % slots);
    node.slot = unarmed;
}

std::optional<std::uint64_t> Deadlines::next_tick() const
{
    std::optional<std::uint64_t> first;
    for (unsigned level = 0; level < levels; ++level) {
        if (occupied_[level] == 0) continue;
        const unsigned shift = slot_bits * level;
        const std::uint64_t now = tick_ >> shift; // in units of this level
        // Slots after the current one, in the order in which they come; the current one itself comes last, if
        // at all.
        const auto turn = static_cast<int>((now + 1) % slots);
        const auto ahead = static_cast<std::uint64_t>(std::countr_zero(std::rotr(occupied_[level], turn)));
        const std::uint64_t tick = (now + 1 + ahead) << shift;
        first = std::min(first.value_or(tick), tick);
    }
    return first;
}

std::optional<TimePoint> Deadlines::next_expiry() const
{
    const auto tick = next_tick();
    if (!tick) return std::nullopt;
    return origin_ + Millis{*tick};
}

void Deadlines::open_slots_at(std::uint64_t tick, std::vector<Key>& expired)
{
    tick_ = tick;
    for (unsigned level = levels; level-- > 0;) {
        const unsigned shift = slot_bits * level;
        if (tick & ((std::uint64_t{1} << shift) - 1)) continue; // not at a boundary of this level
        const auto slot = level * slots + static_cast<unsigned>(tick >> shift) % slots;
        while (heads_[slot] != none) {
            const Key key = heads_[slot];
            unlink(key);
            if (nodes_[key].tick <= tick)
                expired.push_back(key);
            else
                link(key);
        }
    }
}

void Deadlines::advance(TimePoint now, std::vector<Key>& expired)
{
    if (now <= origin_) return;
    const auto target = static_cast<std::uint64_t>(std::chrono::floor<Millis>(now - origin_).count());
    for (auto tick = next_tick(); tick && *tick <= target; tick = next_tick()) open_slots_at(*tick, expired);
    tick_ = std::max(tick_, target);
}

} // namespace pandora::hub::core
