// Deadlines by the thousand, most of which are cancelled: a hierarchical timing wheel (Varghese and Lauck,
// 1987).
//
// Four levels of 64 slots of 1 ms, 64 ms, 4.1 s and 4.4 min: 4.7 h ahead. Arming and cancelling are O(1) and,
// once the node array has grown, allocate nothing; an entry moves down at most three times before it fires.
// What lies further ahead waits in the last slot and is looked at again there.
#pragma once

#include "hub/core/ids.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace pandora::hub::core {

/// Keys are small numbers of the caller's choosing (slots of its own table); each has one deadline at most.
/// Never fires early; fires at the first advance() to or after the deadline rounded up to a millisecond.
class Deadlines {
public:
    using Key = std::uint32_t;

    explicit Deadlines(TimePoint origin) : origin_{origin} { heads_.fill(none); }

    /// Sets or moves the deadline of `key`. One that is over already fires with the next millisecond.
    void arm(Key key, TimePoint at);
    void cancel(Key key);

    bool armed(Key key) const { return key < nodes_.size() && nodes_[key].slot != unarmed; }

    /// When to call advance() next: never later than the first deadline, perhaps earlier. nullopt: nothing is
    /// armed.
    std::optional<TimePoint> next_expiry() const;

    /// Appends the keys whose time has come, in no order within a millisecond, and disarms them.
    void advance(TimePoint now, std::vector<Key>& expired);

private:
    static constexpr unsigned slot_bits = 6;
    static constexpr unsigned slots = 1U << slot_bits;
    static constexpr unsigned levels = 4;
    static constexpr Key none = ~Key{0};
    static constexpr std::uint16_t unarmed = 0xFFFF;

    struct Node {
        std::uint64_t tick = 0; // when to fire
        Key next = none, previous = none;
        std::uint16_t slot = unarmed; // level * slots + slot
    };

    std::uint64_t tick_at_or_after(TimePoint at) const;
    void link(Key key);
    void unlink(Key key);
    std::optional<std::uint64_t> next_tick() const;
    void open_slots_at(std::uint64_t tick, std::vector<Key>& expired);

    TimePoint origin_;
    std::uint64_t tick_ = 0; // everything up to and including it has been fired
    std::vector<Node> nodes_;
    std::array<Key, levels * slots> heads_;
    std::array<std::uint64_t, levels> occupied_{}; // one bit a slot
};

} // namespace pandora::hub::core
