#include "hub/core/waiters.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace pandora::hub::core {

FirstAsked first_asked(const Selector& selector)
{
    for (std::size_t key = 0; key < key_count; ++key)
        if (selector.values[key].kind != MatchValue::Kind::falsy) return {static_cast<Key>(key), selector.values[key]};
    return {};
}

Waiters::Asked Waiters::asked_by(const Waiter& waiter, Order order)
{
    const auto& [key, value] = waiter.first;
    return {{key, value.kind, value.text}, order};
}

void Waiters::add(Waiter waiter)
{
    const Order order = ++last_;
    const Waiter& kept = waiting_.emplace(order, std::move(waiter)).first->second;
    by_value_.insert(asked_by(kept, order));
    by_deadline_.emplace(kept.deadline, order);
    by_peer_.emplace(kept.peer, kept.request, order);
    added_.push_back(order);
}

Waiter Waiters::take(Order order)
{
    auto node = waiting_.extract(order);
    assert(!node.empty());
    const Waiter& waiter = node.mapped();
    by_value_.erase(asked_by(waiter, order));
    by_deadline_.erase({waiter.deadline, order});
    by_peer_.erase({waiter.peer, waiter.request, order});
    return std::move(node.mapped());
}

std::vector<Waiter> Waiters::take(const OfPeer& from, const OfPeer& to)
{
    const std::vector<OfPeer> theirs{by_peer_.lower_bound(from), by_peer_.lower_bound(to)};
    std::vector<Waiter> taken;
    for (const auto& [peer, request, order] : theirs) taken.push_back(take(order));
    return taken;
}

std::vector<Waiter> Waiters::forget(PeerId peer)
{
    return take({peer, {}, 0}, {PeerId{static_cast<std::uint32_t>(peer) + 1}, {}, 0});
}

std::vector<Waiter> Waiters::cancel(PeerId peer, Waiter::Request request)
{
    return take({peer, request, 0}, {peer, request, ~Order{0}});
}

std::size_t Waiters::of(PeerId peer) const
{
    const auto next = PeerId{static_cast<std::uint32_t>(peer) + 1};
    return static_cast<std::size_t>(
        std::distance(by_peer_.lower_bound({peer, {}, 0}), by_peer_.lower_bound({next, {}, 0})));
}

std::optional<TimePoint> Waiters::next_deadline() const
{
    if (!added_.empty() || !changed_.empty()) return TimePoint{};
    return by_deadline_.empty() ? std::nullopt : std::optional{by_deadline_.begin()->first};
}

void Waiters::look_again(const Selector& stored)
{
    for (std::size_t key = 0; key < key_count; ++key)
        if (satisfies(stored.values[key], stored.values[key])) // else it is equal to nothing
            mark(static_cast<Key>(key), stored.values[key]);
    mark({}, {}); // who asks for nothing
}

/// Whoever asks for that value first is to be looked at.
void Waiters::mark(Key key, const MatchValue& value)
{
    const Value wanted{key, value.kind, value.text};
    const auto first = by_value_.lower_bound({wanted, 0});
    if (first != by_value_.end() && first->first == wanted) changed_.emplace(wanted);
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
    for (const auto& [key, kind, text] : std::exchange(changed_, {})) {
        const Value wanted{key, kind, text};
        for (auto it = by_value_.lower_bound({wanted, 0}); it != by_value_.end() && it->first == wanted; ++it)
            orders.push_back(it->second);
    }
    for (const auto& [deadline, order] : by_deadline_) {
        if (deadline > now) break;
        orders.push_back(order);
    }
    std::ranges::sort(orders);
    orders.erase(std::unique(orders.begin(), orders.end()), orders.end());
    return orders;
}

} // namespace pandora::hub::core
