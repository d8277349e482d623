// Who waits until somebody takes requests for a selector: the control verb WAIT_FOR, and the hub's owner in the name of
// those who ask its own object. Pure; one object a hub.
//
// A waiter is looked at when it comes, when its time is over, and when a selector has come or gone, or its owner has
// room again, that has the first value that is asked for; one that asks for nothing, whenever any has. So a publication
// costs what it is worth, however many wait.
#pragma once

#include "hub/core/ids.hpp"
#include "hub/core/selector.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace pandora::hub::core {

enum class WaitId : std::uint64_t {};

/// The first value that a selector asks for, in the order of Key; falsy, where it asks for nothing.
struct FirstAsked {
    Key key{};
    MatchValue value;
};

FirstAsked first_asked(const Selector& selector);

struct Waiter {
    /// The packet id of a native client's WAIT_FOR, or what the owner waits for.
    using Request = std::variant<std::uint32_t, WaitId>;

    PeerId peer{}; // who waits, itself or by the owner
    Request request;
    std::string selector; // JSON
    FirstAsked first;
    TimePoint deadline{};

    /// Its nodes in the order and the three indexes.
    static constexpr std::size_t node_bytes = 320;

    /// What the client is charged for it.
    std::size_t bytes() const { return sizeof(Waiter) + node_bytes + selector.size() + first.value.text.size(); }
};

class Waiters {
public:
    void add(Waiter waiter);

    /// Those of one that has ended; nobody is told.
    std::vector<Waiter> forget(PeerId peer);

    /// The client does not want to know any more: what is forgotten by that.
    std::vector<Waiter> cancel(PeerId peer, Waiter::Request request);

    /// How many requests of the client wait.
    std::size_t of(PeerId peer) const;

    /// At once, where there is somebody to look at.
    std::optional<TimePoint> next_deadline() const;

    /// Such a selector has come, has gone, or its owner takes requests again.
    void look_again(const Selector& stored);

    /// Of those who have to be looked at takes out those for whom `ready(waiter)` is more than 0, or whose time is
    /// over, and calls `tell(waiter, n)` for each with that number, in the order in which they came.
    template <class Ready, class Tell>
    void settle(TimePoint now, Ready ready, Tell tell)
    {
        if (!is_anything_to_do(now)) return;
        for (const Order order : take_changed(now)) {
            const Waiter& waiter = waiting_.at(order);
            const std::uint32_t clients = ready(waiter);
            if (clients > 0 || waiter.deadline <= now) tell(take(order), clients);
        }
    }

private:
    using Order = std::uint64_t; // of coming
    using OfPeer = std::tuple<PeerId, Waiter::Request, Order>;

    using Value = std::tuple<Key, MatchValue::Kind, std::string_view>;
    using Asked = std::pair<Value, Order>;

    static Asked asked_by(const Waiter& waiter, Order order);
    bool is_anything_to_do(TimePoint now) const;
    std::vector<Order> take_changed(TimePoint now);
    void mark(Key key, const MatchValue& value);
    Waiter take(Order order);
    std::vector<Waiter> take(const OfPeer& from, const OfPeer& to);

    std::map<Order, Waiter> waiting_;
    std::set<Asked> by_value_; // texts stand in waiting_, whose nodes do not move
    std::set<std::pair<TimePoint, Order>> by_deadline_;
    std::set<OfPeer> by_peer_;
    std::set<std::tuple<Key, MatchValue::Kind, std::string>> changed_;
    std::vector<Order> added_;
    Order last_ = 0;
};

} // namespace pandora::hub::core
