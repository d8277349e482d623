#include "hub/core/backlog.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pandora::hub::core {

bool Backlog::fits(const OfPeer& peer, std::size_t leaving, std::size_t coming) const
{
    const std::size_t rest = peer.bytes - leaving;
    return rest == 0 || rest + coming <= bytes_max_;
}

bool Backlog::has_room(SubscriptionId id, const Subscription& subscription, std::size_t bytes) const
{
    return subscriptions_[index_of(id)].count < subscription.queue_max &&
           fits(peers_[index_of(subscription.peer)], 0, bytes);
}

std::optional<std::uint64_t> Backlog::keep(SubscriptionId id, const Subscription& subscription, EventPtr event)
{
    if (index_of(subscription.peer) >= peers_.size()) peers_.resize(index_of(subscription.peer) + 1);
    if (index_of(id) >= subscriptions_.size()) subscriptions_.resize(index_of(id) + 1);

    OfSubscription& queue = subscriptions_[index_of(id)];
    const std::size_t bytes = event->bytes();
    std::uint64_t untold = 0;
    switch (subscription.overflow) {
    case Overflow::drop_new: break;
    case Overflow::disconnect:
        if (!has_room(id, subscription, bytes)) return std::nullopt;
        break;
    case Overflow::last_value:
        if (const auto same = by_name_.find(Name{id, event->name}); same != by_name_.end()) {
            if (replace(same->second, event)) return 1;
            remove(same->second, 0);
            ++untold;
        }
        [[fallthrough]];
    case Overflow::drop_old:
        for (; queue.first != none && !has_room(id, subscription, bytes); ++untold) remove(queue.first, 1);
    }
    // Where the peer's other subscriptions hold all its bytes, giving up one's own old ones is not enough.
    if (!has_room(id, subscription, bytes)) {
        ++queue.lost;
        return untold + 1;
    }
    append(id, subscription, std::move(event));
    return untold;
}

/// Puts the event where an older one of its name waits; false: it does not fit there.
bool Backlog::replace(Index index, EventPtr& event)
{
    Slot& slot = slots_[index];
    OfPeer& peer = peers_[index_of(slot.peer)];
    const std::size_t leaving = slot.event->bytes(), coming = event->bytes();
    if (!fits(peer, leaving, coming)) return false;
    auto node = by_name_.extract(Name{slot.subscription, slot.event->name}); // its key views the event that leaves
    node.key().text = event->name;
    slot.event = std::move(event);
    by_name_.insert(std::move(node));
    peer.bytes = peer.bytes - leaving + coming;
    return true;
}

void Backlog::append(SubscriptionId id, const Subscription& subscription, EventPtr event)
{
    const Index index = free_slot();
    OfPeer& peer = peers_[index_of(subscription.peer)];
    OfSubscription& queue = subscriptions_[index_of(id)];
    Slot& slot = slots_[index];
    peer.bytes += event->bytes();
    ++peer.events;
    slot.subscription = id;
    slot.peer = subscription.peer;
    slot.lost = std::exchange(queue.lost, 0);
    slot.event = std::move(event);
    slot.named = subscription.overflow == Overflow::last_value;
    if (slot.named) {
        const bool fresh = by_name_.emplace(Name{id, slot.event->name}, index).second;
        assert(fresh);
        static_cast<void>(fresh);
    }
    link(peer, index, &Slot::of_peer);
    link(queue, index, &Slot::of_subscription);
    ++queue.count;
}

/// `lost`: how many more events of the subscription than before are missing where this one was.
void Backlog::remove(Index index, std::uint64_t lost)
{
    Slot& slot = slots_[index];
    OfPeer& peer = peers_[index_of(slot.peer)];
    OfSubscription& queue = subscriptions_[index_of(slot.subscription)];
    if (slot.named) by_name_.erase(Name{slot.subscription, slot.event->name});

    const Index next = slot.of_subscription.next;
    (next == none ? queue.lost : slots_[next].lost) += slot.lost + lost;
    unlink(peer, index, &Slot::of_peer);
    unlink(queue, index, &Slot::of_subscription);
    --queue.count;
    peer.bytes -= slot.event->bytes();
    --peer.events;
    slot.event.reset();
    slot.of_peer.next = std::exchange(free_, index);
}

std::optional<Backlog::Due> Backlog::next_of(PeerId peer) const
{
    if (empty(peer)) return std::nullopt;
    const Slot& slot = slots_[peers_[index_of(peer)].first];
    return Due{slot.subscription, slot.lost, slot.event};
}

void Backlog::pop(PeerId peer)
{
    assert(!empty(peer));
    const Index first = peers_[index_of(peer)].first;
    slots_[first].lost = 0;
    remove(first, 0);
}

std::uint64_t Backlog::take_lost(SubscriptionId id)
{
    return index_of(id) < subscriptions_.size() ? std::exchange(subscriptions_[index_of(id)].lost, 0) : 0;
}

void Backlog::freeze(SubscriptionId id)
{
    if (index_of(id) >= subscriptions_.size()) return;
    for (Index index = subscriptions_[index_of(id)].first; index != none; index = slots_[index].of_subscription.next)
        if (std::exchange(slots_[index].named, false)) by_name_.erase(Name{id, slots_[index].event->name});
}

void Backlog::drop(SubscriptionId id)
{
    if (index_of(id) >= subscriptions_.size()) return;
    OfSubscription& queue = subscriptions_[index_of(id)];
    while (queue.first != none) remove(queue.first, 0);
    queue.lost = 0;
}

void Backlog::link(List& list, Index index, Links Slot::*links)
{
    slots_[index].*links = {none, list.last};
    (list.last == none ? list.first : (slots_[list.last].*links).next) = index;
    list.last = index;
}

void Backlog::unlink(List& list, Index index, Links Slot::*links)
{
    const auto [next, previous] = slots_[index].*links;
    (next == none ? list.last : (slots_[next].*links).previous) = previous;
    (previous == none ? list.first : (slots_[previous].*links).next) = next;
}

Backlog::Index Backlog::free_slot()
{
    if (free_ == none) {
        slots_.emplace_back();
        return static_cast<Index>(slots_.size() - 1);
    }
    return std::exchange(free_, slots_[free_].of_peer.next);
}

} // namespace pandora::hub::core
