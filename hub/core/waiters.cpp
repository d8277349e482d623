#include "hub/core/waiters.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace pandora::hub::core {

void Waiters::add(Waiter waiter)
{
    const Order order = ++last_;
    by_object_[waiter.object].insert(order);
    by_deadline_.emplace(waiter.deadline, order);
    if (const auto* client = std::get_if<WaitingClient>(&waiter.who))
        by_peer_.emplace(client->peer, client->packet, order);
    waiting_.emplace(order, std::move(waiter));
    added_.push_back(order);
}

Waiter Waiters::take(Order order)
{
    auto node = waiting_.extract(order);
    assert(!node.empty());
    Waiter waiter = std::move(node.mapped());
    const auto of_object = by_object_.find(waiter.object);
    of_object->second.erase(order);
    if (of_object->second.empty()) by_object_.erase(of_object);
    by_deadline_.erase({waiter.deadline, order});
    if (const auto* client = std::get_if<WaitingClient>(&waiter.who))
        by_peer_.erase({client->peer, client->packet, order});
    return waiter;
}

std::size_t Waiters::forget(const OfPeer& from, const OfPeer& to)
{
    const std::vector<OfPeer> theirs{by_peer_.lower_bound(from), by_peer_.lower_bound(to)};
    std::size_t bytes = 0;
    for (const auto& [peer, packet, order] : theirs) bytes += take(order).bytes();
    return bytes;
}

std::size_t Waiters::forget(PeerId peer)
{
    return forget({peer, 0, 0}, {PeerId{static_cast<std::uint32_t>(peer) + 1}, 0, 0});
}

std::size_t Waiters::cancel(PeerId peer, std::uint32_t packet)
{
    return forget({peer, packet, 0}, {peer, packet, ~Order{0}});
}

std::size_t Waiters::of(PeerId peer) const
{
    const auto next = PeerId{static_cast<std::uint32_t>(peer) + 1};
    return static_cast<std::size_t>(
        std::distance(by_peer_.lower_bound({peer, 0, 0}), by_peer_.lower_bound({next, 0, 0})));
}

std::optional<TimePoint> Waiters::next_deadline() const
{
    if (!added_.empty() || !changed_.empty()) return TimePoint{};
    return by_deadline_.empty() ? std::nullopt : std::optional{by_deadline_.begin()->first};
}

void Waiters::look_again(std::string_view object)
{
    for (const std::string_view name : {object, std::string_view{}})
        if (by_object_.contains(name) && !changed_.contains(name)) changed_.emplace(name);
}

bool Waiters::is_anything_to_do(TimePoint now) const
{
    return !added_.empty() || !changed_.empty() || (!by_deadline_.empty() && by_deadline_.begin()->first <= now);
}

/// Those who have to be looked at, once.
std::vector<Waiters::Order> Waiters::take_changed(TimePoint now)
{
    std::vector<Order> orders = std::exchange(added_, {});
    std::erase_if(orders, [this](Order order) { return !waiting_.contains(order); });
    for (const std::string& object : std::exchange(changed_, {}))
        if (const auto of_object = by_object_.find(object); of_object != by_object_.end())
            orders.insert(orders.end(), of_object->second.begin(), of_object->second.end());
    for (const auto& [deadline, order] : by_deadline_) {
        if (deadline > now) break;
        orders.push_back(order);
    }
    std::ranges::sort(orders);
    orders.erase(std::unique(orders.begin(), orders.end()), orders.end());
    return orders;
}

} // namespace pandora::hub::core
