// Who has subscribed to which events, what waits for those who do not keep up, and what is retained for those to come.
// Pure; one object a hub.
//
// An event is handed out by match(); to whom it cannot be sent, it is kept:
//
//     match() -- has_backlog() or no room --> keep() --> waiting, or lost --> next_of(), OVERFLOW if lost, pop()
//        |
//        +-- else --> OVERFLOW if take_lost(), the event
#pragma once

#include "hub/core/backlog.hpp"
#include "hub/core/event.hpp"
#include "hub/core/ids.hpp"
#include "hub/core/retained_events.hpp"
#include "hub/core/text_map.hpp"
#include "hub/wire/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pandora::hub::core {

class Topics {
public:
    using Due = Backlog::Due;

    enum class Subscribed : std::uint8_t { added, replaced, too_many };

    explicit Topics(const wire::Limits& limits) : limits_{limits}, backlog_{limits.backlog_bytes_max} {}

    /// A subscription of the same peer with the same filter is replaced: it keeps its id, its place in the order and
    /// what waits for it, and the new terms hold for what comes.
    Subscribed subscribe(Subscription wanted);

    /// With what waits for it. False: there is none.
    bool unsubscribe(PeerId peer, const TopicFilter& filter);

    /// Everything of a connection that has ended: subscriptions, backlog, and what it retained.
    void forget(PeerId peer);

    /// Replaces the content of `into` by the subscriptions that get the event: of each peer the most specific one (the
    /// name itself, then the longest prefix), in the order in which they were made. Allocates nothing once `into` has
    /// grown.
    void match(std::string_view object, std::string_view event, std::vector<SubscriptionId>& into) const;

    /// Appends the subscriptions to single events of the object.
    void exact_of(std::string_view object, std::vector<SubscriptionId>& into) const;

    const Subscription& operator[](SubscriptionId id) const { return slots_[index_of(id)].subscription; }

    std::size_t subscriptions_of(PeerId peer) const;

    std::size_t subscriptions() const { return slots_.size() - free_.size(); }

    /// Whether anybody has subscribed to any event of the object.
    bool any(std::string_view object) const { return objects_.contains(object); }

    /// For an event that did not get through to its subscriber. Answers as Backlog::keep().
    std::optional<std::uint64_t> keep(SubscriptionId id, EventPtr event)
    {
        return backlog_.keep(id, (*this)[id], std::move(event));
    }

    /// While events wait for a peer, newer ones must wait behind them.
    bool has_backlog(PeerId peer) const { return !backlog_.empty(peer); }

    /// The event that has waited longest for the peer, over all its subscriptions, and what is lost before it; pop()
    /// when both have been told.
    std::optional<Due> next_of(PeerId peer) const { return backlog_.next_of(peer); }

    void pop(PeerId peer) { backlog_.pop(peer); }

    /// To be called, and what it says to be told, before an event that is sent without having been kept.
    std::uint64_t take_lost(SubscriptionId id) { return backlog_.take_lost(id); }

    /// The last value of (object, name) is now this one, charged to the publisher; an event that clears removes it.
    /// Tells where it was another's.
    std::optional<RetainedEvents::Discharged> retain(PeerId publisher, EventPtr event)
    {
        return retained_.retain(publisher, std::move(event));
    }

    /// The publisher has unpublished the object.
    void release(PeerId publisher, std::string_view object) { retained_.release(publisher, object); }

    /// Appends the last values that the filter is for, in order of name.
    void retained(const TopicFilter& filter, std::vector<EventPtr>& into) const { retained_.find(filter, into); }

    /// What is to be charged to a peer for its backlog, for what it retains, and for its subscriptions. An event that
    /// several wait for is charged to each of them.
    std::size_t backlog_bytes(PeerId peer) const { return backlog_.bytes(peer); }

    /// Events that wait for it.
    std::size_t backlog_events(PeerId peer) const { return backlog_.events(peer); }

    std::size_t retained_bytes(PeerId peer) const { return retained_.bytes(peer); }

    std::size_t subscription_bytes(PeerId peer) const;

private:
    struct Slot {
        Subscription subscription;
        std::uint64_t order = 0; // of being made
    };

    using Ids = std::vector<SubscriptionId>; // in the order in which they were made, no peer twice

    /// The subscriptions to one object.
    struct Object {
        TextMap<Ids> exact;
        std::map<std::string, Ids, std::less<>> prefixes; // without the `*`; "" is for all events
    };

    struct OfPeer {
        std::map<TopicFilter, SubscriptionId> subscriptions;
        std::size_t bytes = 0; // of these
    };

    SubscriptionId free_slot();
    void add(Subscription wanted);
    void remove(SubscriptionId id);
    void leave_most_specific(std::vector<SubscriptionId>& into) const;

    wire::Limits limits_;
    std::vector<Slot> slots_; // by SubscriptionId
    std::vector<SubscriptionId> free_;
    std::vector<OfPeer> peers_; // by PeerId
    TextMap<Object> objects_;
    std::uint64_t order_ = 0;
    Backlog backlog_;
    RetainedEvents retained_;
};

} // namespace pandora::hub::core
