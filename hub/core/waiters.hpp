// Who waits until somebody takes requests for a selector: the control verb WAIT_FOR, and the hub's owner. Pure; one
// object a hub.
#pragma once

#include "hub/core/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
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
    TimePoint deadline{};

    /// What a client is charged for it.
    std::size_t bytes() const { return sizeof(Waiter) + selector.size(); }
};

class Waiters {
public:
    void add(Waiter waiter) { waiting_.push_back(std::move(waiter)); }

    /// Of one that has ended; nobody is told. Both return the bytes of what is forgotten.
    std::size_t forget(PeerId peer);

    /// The client does not want to know any more.
    std::size_t cancel(PeerId peer, std::uint32_t packet);

    bool empty() const { return waiting_.empty(); }

    std::size_t of(PeerId peer) const;

    std::optional<TimePoint> next_deadline() const;

    /// Takes out those for whom `ready(waiter)` is more than 0, or whose time is over, and calls `tell(waiter, n)` for
    /// each with that number.
    template <class Ready, class Tell>
    void settle(TimePoint now, Ready ready, Tell tell)
    {
        std::vector<Waiter> left;
        for (Waiter& waiter : std::exchange(waiting_, {})) {
            const std::uint32_t clients = ready(waiter);
            if (clients > 0 || waiter.deadline <= now)
                tell(waiter, clients);
            else
                left.push_back(std::move(waiter));
        }
        waiting_.insert(waiting_.begin(), std::make_move_iterator(left.begin()), std::make_move_iterator(left.end()));
    }

private:
    template <class Of>
    std::size_t erase(Of of);

    std::vector<Waiter> waiting_; // few: those who start
};

} // namespace pandora::hub::core
