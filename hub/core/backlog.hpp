// Events that wait for subscribers who do not keep up, and the count of those that were lost. Pure; one object a hub.
//
// Every subscriber has one queue in the order of arrival, through which each of its subscriptions has a thread of its
// own. Slots are used again and linked to each other by index, so that keeping an event allocates nothing once the
// table has grown.
#pragma once

#include "hub/core/event.hpp"
#include "hub/core/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pandora::hub::core {

class Backlog {
public:
    /// An event whose turn it is.
    struct Due {
        SubscriptionId subscription{};
        std::uint64_t lost = 0; // events of the subscription that are missing before this one
        EventPtr event;
    };

    /// `bytes_max`: of one subscriber. An empty queue takes an event of any size.
    explicit Backlog(std::size_t bytes_max) : bytes_max_{bytes_max} {}

    /// How many events will not be told because of this one: itself, those that make room for it, or the one of its
    /// name that it takes the place of, as last_value asks. nullopt: the queue is full, and the subscriber rather ends
    /// than miss one. `id` means `subscription` until drop(id). Its `queue_max` is what it says: 0 keeps nothing.
    std::optional<std::uint64_t> keep(SubscriptionId id, const Subscription& subscription, EventPtr event);

    bool empty(PeerId peer) const { return index_of(peer) >= peers_.size() || peers_[index_of(peer)].first == none; }

    /// nullopt: nothing waits.
    std::optional<Due> next_of(PeerId peer) const;

    /// Takes the first one away, whose losses are told by that. To be called only where there is one.
    void pop(PeerId peer);

    /// Losses after the last event that waits, which are told by this: for one that is sent without having waited.
    std::uint64_t take_lost(SubscriptionId id);

    /// What waits now will wait as it is, and not be replaced: the subscription has other terms from now on.
    void freeze(SubscriptionId id);

    /// The subscription is no more, nor is what waits for it.
    void drop(SubscriptionId id);

    std::size_t bytes(PeerId peer) const { return index_of(peer) < peers_.size() ? peers_[index_of(peer)].bytes : 0; }

    /// Events that wait.
    std::size_t events(PeerId peer) const { return index_of(peer) < peers_.size() ? peers_[index_of(peer)].events : 0; }

private:
    using Index = std::uint32_t;
    static constexpr Index none = ~Index{0};

    struct Links {
        Index next = none, previous = none;
    };

    struct Slot {
        SubscriptionId subscription{};
        PeerId peer{};
        std::uint64_t lost = 0; // before it
        EventPtr event;         // null: the slot is free, and of_peer.next links the free ones
        bool named = false;     // by_name_ has it
        Links of_peer, of_subscription;
    };

    struct List {
        Index first = none, last = none;
    };

    struct OfPeer : List {
        std::size_t bytes = 0, events = 0;
    };

    struct OfSubscription : List {
        std::uint32_t count = 0;
        std::uint64_t lost = 0; // after the last that waits
    };

    /// The event of a last_value subscription that waits under a name.
    struct Name {
        SubscriptionId subscription{};
        std::string_view text; // of the event
        bool operator==(const Name&) const = default;
    };

    struct NameHash {
        std::size_t operator()(const Name& name) const
        {
            return std::hash<std::string_view>{}(name.text) ^ index_of(name.subscription) * 0x9E3779B97F4A7C15U;
        }
    };

    bool fits(const OfPeer& peer, std::size_t leaving, std::size_t coming) const;
    bool has_room(SubscriptionId id, const Subscription& subscription, std::size_t bytes) const;
    bool replace(Index index, EventPtr& event);
    void append(SubscriptionId id, const Subscription& subscription, EventPtr event);
    void remove(Index index, std::uint64_t lost);
    void link(List& list, Index index, Links Slot::*links);
    void unlink(List& list, Index index, Links Slot::*links);
    Index free_slot();

    std::size_t bytes_max_;
    std::vector<Slot> slots_;
    Index free_ = none;
    std::vector<OfPeer> peers_;                    // by PeerId
    std::vector<OfSubscription> subscriptions_;    // by SubscriptionId
    std::pmr::unsynchronized_pool_resource nodes_; // so that the map below uses its nodes again
    std::pmr::unordered_map<Name, Index, NameHash> by_name_{&nodes_};
};

} // namespace pandora::hub::core
