#include "hub/core/waiters.hpp"

#include <algorithm>

namespace pandora::hub::core {

namespace {

auto of_peer(PeerId peer)
{
    return [peer](const Waiter& waiter) {
        const auto* client = std::get_if<WaitingClient>(&waiter.who);
        return client && client->peer == peer;
    };
}

} // namespace

template <class Of>
std::size_t Waiters::erase(Of of)
{
    std::size_t bytes = 0;
    std::erase_if(waiting_, [&](const Waiter& waiter) {
        if (!of(waiter)) return false;
        bytes += waiter.bytes();
        return true;
    });
    return bytes;
}

std::size_t Waiters::forget(PeerId peer) { return erase(of_peer(peer)); }

std::size_t Waiters::cancel(PeerId peer, std::uint32_t packet)
{
    return erase([&](const Waiter& waiter) {
        return of_peer(peer)(waiter) && std::get<WaitingClient>(waiter.who).packet == packet;
    });
}

std::size_t Waiters::of(PeerId peer) const
{
    return static_cast<std::size_t>(std::ranges::count_if(waiting_, of_peer(peer)));
}

std::optional<TimePoint> Waiters::next_deadline() const
{
    const auto first = std::ranges::min_element(waiting_, {}, &Waiter::deadline);
    return first == waiting_.end() ? std::nullopt : std::optional{first->deadline};
}

} // namespace pandora::hub::core
