// The shared memory that clients have announced, who has been handed it, and which places of it receivers still hold
// (PROTOCOL.md 9.9). The hub never looks into it. Pure; one object a hub.
#pragma once

#include "hub/core/fd.hpp"
#include "hub/core/ids.hpp"
#include "hub/wire/limits.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace pandora::hub::core {

class Pools {
public:
    struct Pool {
        Fd fd;
        std::uint64_t bytes = 0;
        std::vector<bool> known_by; // by PeerId
    };

    /// A place that a receiver has been given and not released.
    struct Place {
        PeerId owner{};
        std::uint32_t pool = 0, offset = 0;
        auto operator<=>(const Place&) const = default;
    };

    /// False: too many, too large, or the number is taken.
    bool announce(PeerId owner, std::uint32_t number, Fd fd, std::uint64_t bytes);

    /// The owner wants it back: who knew it.
    std::vector<PeerId> withdraw(PeerId owner, std::uint32_t number);

    /// The numbers of those that it has announced.
    std::vector<std::uint32_t> of(PeerId owner) const;

    /// nullptr: it has announced none of that number.
    const Pool* find(PeerId owner, std::uint32_t number) const;

    /// Whether `receiver` is told of it for the first time by this.
    bool introduce(PeerId owner, std::uint32_t number, PeerId receiver);

    bool is_known(PeerId owner, std::uint32_t number, PeerId receiver) const;

    /// `receiver` is given a place. False: it holds too many, of all owners or of this one: of one it holds as many as
    /// are left for others, so that however many owners want them all, some are left.
    bool lend(const Place& place, PeerId receiver);

    /// How often lend() has been true.
    std::uint64_t lendings() const { return lendings_; }

    /// False: it does not hold that one.
    bool give_back(const Place& place, PeerId receiver);

    /// The connection has ended: the places that it held, for whose owners the hub releases them, and who are charged
    /// for them no longer; its own pools are no more, and nothing is to be charged to it.
    std::vector<Place> gone(PeerId peer);

    /// What is to be charged to an owner: for its pools, and for each place of them that somebody holds.
    std::size_t bytes(PeerId owner) const;

    /// Of one place: the node, with what the heap adds.
    static constexpr std::size_t place_bytes = 96;

private:
    struct Key {
        PeerId owner{};
        std::uint32_t number = 0;
        auto operator<=>(const Key&) const = default;
    };

    /// What a receiver holds.
    struct Held {
        std::multiset<Place> places;
        std::map<PeerId, std::size_t> of; // by owner, those of whom it holds some
    };

    template <class Act>
    void each_of(PeerId owner, Act act) const;

    std::map<Key, Pool> pools_;
    std::map<PeerId, Held> held_; // by receiver
    std::uint64_t lendings_ = 0;
    std::vector<std::size_t> lent_; // by PeerId of the owner: places that somebody holds
};

} // namespace pandora::hub::core
