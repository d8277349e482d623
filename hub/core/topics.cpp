#include "hub/core/topics.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace pandora::hub::core {

namespace {

/// Of two filters that let the same event through, the more specific one has more.
std::size_t specificity(const TopicFilter& filter)
{
    return filter.is_exact() ? std::numeric_limits<std::size_t>::max() : filter.stem().size();
}

/// Calls `visit` with what stands in a map of prefixes under each prefix of `text`.
template <class Prefixes, class Visit>
void visit_prefixes(const Prefixes& prefixes, std::string_view text, Visit visit)
{
    // The greatest key that is not above `text` either is a prefix of it, or differs from it at a place before which
    // every prefix that there is must end: whatever is longer and a prefix stands between the two. So each step looks
    // for something shorter, and a map of thousands is left after a few.
    for (auto above = prefixes.upper_bound(text); above != prefixes.begin(); above = prefixes.upper_bound(text)) {
        const auto& [prefix, value] = *std::prev(above);
        const auto differs = std::ranges::mismatch(prefix, text);
        const auto common = static_cast<std::size_t>(differs.in1 - prefix.begin());
        if (common == prefix.size()) {
            visit(value);
            if (common == 0) return;
            text = text.substr(0, common - 1);
        } else {
            text = text.substr(0, common);
        }
    }
}

/// The texts stand in the subscription, in its peer's table and in the index. Choice: the rest is about so much.
std::size_t bytes_of(const TopicFilter& filter) { return 256 + 3 * (filter.object.size() + filter.event.size()); }

} // namespace

Topics::Subscribed Topics::subscribe(Subscription wanted)
{
    if (wanted.filter.event == "*") wanted.filter.event.clear();
    if (wanted.queue_max == 0) wanted.queue_max = limits_.backlog_events;
    if (index_of(wanted.peer) >= peers_.size()) peers_.resize(index_of(wanted.peer) + 1);

    const auto& present = peers_[index_of(wanted.peer)].subscriptions;
    if (const auto found = present.find(wanted.filter); found != present.end()) {
        Subscription& old = slots_[index_of(found->second)].subscription;
        if (old.overflow != wanted.overflow) backlog_.freeze(found->second);
        old = std::move(wanted);
        return Subscribed::replaced;
    }
    if (present.size() >= limits_.subscriptions_max) return Subscribed::too_many;
    add(std::move(wanted));
    return Subscribed::added;
}

void Topics::add(Subscription wanted)
{
    const SubscriptionId id = free_slot();
    Object& object = objects_[wanted.filter.object];
    const TopicFilter& filter = wanted.filter;
    (filter.is_exact() ? object.exact[filter.event] : object.prefixes[std::string{filter.stem()}]).push_back(id);

    OfPeer& peer = peers_[index_of(wanted.peer)];
    peer.subscriptions.emplace(filter, id);
    peer.bytes += bytes_of(filter);
    slots_[index_of(id)] = {std::move(wanted), ++order_};
}

bool Topics::unsubscribe(PeerId peer, const TopicFilter& filter)
{
    if (index_of(peer) >= peers_.size()) return false;
    const auto& present = peers_[index_of(peer)].subscriptions;
    const auto found = present.find(filter.event == "*" ? TopicFilter{filter.object, ""} : filter);
    if (found == present.end()) return false;
    remove(found->second);
    return true;
}

void Topics::forget(PeerId peer)
{
    retained_.forget(peer);
    if (index_of(peer) >= peers_.size()) return;
    const auto& present = peers_[index_of(peer)].subscriptions;
    while (!present.empty()) remove(present.begin()->second);
}

void Topics::remove(SubscriptionId id)
{
    backlog_.drop(id);
    Slot& slot = slots_[index_of(id)];
    const TopicFilter& filter = slot.subscription.filter;
    const auto take_from = [&](auto& lists, std::string_view key) {
        const auto list = lists.find(key);
        const auto order = [this](SubscriptionId one) { return slots_[index_of(one)].order; };
        const auto at = std::ranges::lower_bound(list->second, slot.order, {}, order);
        assert(at != list->second.end() && *at == id);
        list->second.erase(at);
        if (list->second.empty()) lists.erase(list);
    };
    const auto object = objects_.find(filter.object);
    if (filter.is_exact())
        take_from(object->second.exact, filter.event);
    else
        take_from(object->second.prefixes, filter.stem());
    if (object->second.exact.empty() && object->second.prefixes.empty()) objects_.erase(object);

    OfPeer& peer = peers_[index_of(slot.subscription.peer)];
    peer.bytes -= bytes_of(filter);
    peer.subscriptions.erase(filter);
    slot = {};
    free_.push_back(id);
}

void Topics::match(std::string_view object, std::string_view event, std::vector<SubscriptionId>& into) const
{
    into.clear();
    const auto found = objects_.find(object);
    if (found == objects_.end()) return;
    unsigned lists = 0;
    const auto add_list = [&](const Ids& ids) {
        into.insert(into.end(), ids.begin(), ids.end());
        ++lists;
    };
    if (const auto exact = found->second.exact.find(event); exact != found->second.exact.end()) add_list(exact->second);
    visit_prefixes(found->second.prefixes, event, add_list);
    if (lists > 1) leave_most_specific(into);
}

std::size_t Topics::subscriptions_of(PeerId peer) const
{
    return index_of(peer) < peers_.size() ? peers_[index_of(peer)].subscriptions.size() : 0;
}

void Topics::exact_of(std::string_view object, std::vector<SubscriptionId>& into) const
{
    const auto found = objects_.find(object);
    if (found == objects_.end()) return;
    for (const auto& [event, ids] : found->second.exact) into.insert(into.end(), ids.begin(), ids.end());
}

void Topics::leave_most_specific(std::vector<SubscriptionId>& into) const
{
    const auto slot = [this](SubscriptionId id) -> const Slot& { return slots_[index_of(id)]; };
    const auto peer = [&](SubscriptionId id) { return slot(id).subscription.peer; };
    std::ranges::sort(into, [&](SubscriptionId a, SubscriptionId b) {
        if (peer(a) != peer(b)) return peer(a) < peer(b);
        return specificity(slot(a).subscription.filter) > specificity(slot(b).subscription.filter);
    });
    const auto of_one_peer = [&](SubscriptionId a, SubscriptionId b) { return peer(a) == peer(b); };
    into.erase(std::unique(into.begin(), into.end(), of_one_peer), into.end());
    std::ranges::sort(into, {}, [&](SubscriptionId id) { return slot(id).order; });
}

std::size_t Topics::subscription_bytes(PeerId peer) const
{
    return index_of(peer) < peers_.size() ? peers_[index_of(peer)].bytes : 0;
}

SubscriptionId Topics::free_slot()
{
    if (free_.empty()) {
        slots_.emplace_back();
        return SubscriptionId{static_cast<std::uint32_t>(slots_.size() - 1)};
    }
    const SubscriptionId id = free_.back();
    free_.pop_back();
    return id;
}

} // namespace pandora::hub::core
