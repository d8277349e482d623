// Who waits until somebody takes requests for a selector: the control verb WAIT_FOR, and the hub's owner. Pure; one
// object a hub.
//
// A waiter is looked at when it comes, when its time is over, and when the routes of the object that it names have
// changed or one of them that was full has room; one that names none, whenever any have. So a publication costs what it
// is worth, however many wait.
#pragma once

#include "hub/core/ids.hpp"

#include <cstdint>
#include <functional>
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

/// A native client's request.
struct WaitingClient {
    PeerId peer{};
    std::uint32_t packet = 0;
};

struct Waiter {
    std::variant<WaitingClient, WaitId> who;
    std::string selector; // JSON
    std::string object;   // that it names; empty: none, or not by a string
    TimePoint deadline{};

    /// What a client is charged for it: itself, its nodes in the order and the three indexes, and the texts.
    std::size_t bytes() const { return sizeof(Waiter) + 320 + selector.size() + 2 * object.size(); }
};

class Waiters {
public:
    void add(Waiter waiter);

    /// Of one that has ended; nobody is told. Both return the bytes of what is forgotten.
    std::size_t forget(PeerId peer);

    /// The client does not want to know any more.
    std::size_t cancel(PeerId peer, std::uint32_t packet);

    bool empty() const { return waiting_.empty(); }

    /// How many requests of the client wait, or of the hub's owner.
    std::size_t of(PeerId peer) const;

    std::size_t of_owner() const { return waiting_.size() - by_peer_.size(); }

    /// At once, where there is somebody to look at.
    std::optional<TimePoint> next_deadline() const;

    /// Somebody has come, has gone, or takes requests again, who is reached by selectors that name the object; by none,
    /// where it is empty.
    void look_again(std::string_view object);

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
    using OfPeer = std::tuple<PeerId, std::uint32_t, Order>;

    bool is_anything_to_do(TimePoint now) const;
    std::vector<Order> take_changed(TimePoint now);
    Waiter take(Order order);
    std::size_t forget(const OfPeer& from, const OfPeer& to);

    std::map<Order, Waiter> waiting_;
    std::map<std::string, std::set<Order>, std::less<>> by_object_;
    std::set<std::pair<TimePoint, Order>> by_deadline_;
    std::set<OfPeer> by_peer_; // the clients' requests, by their packets
    std::set<std::string, std::less<>> changed_;
    std::vector<Order> added_;
    Order last_ = 0;
};

} // namespace pandora::hub::core
