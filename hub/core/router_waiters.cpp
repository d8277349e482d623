// Who waits until somebody takes requests for a selector: by WAIT_FOR, or in whose name the hub's owner waits.
#include "hub/core/failure.hpp"
#include "hub/core/router.hpp"

#include <string>
#include <utility>

namespace pandora::hub::core {

void Router::wait_for_asked(const ControlFrame& in)
{
    const auto selector = selector_in(in.body);
    if (!selector) return refuse_control(in, {CallEnd::invalid, "no valid selector"});
    if (!(in.flags & wire::flag::request)) return;
    if (waiters_.of(in.from) >= limits_.waiters_max)
        return refuse_control(in, {CallEnd::busy, "too many requests wait"});
    wait(in.from, in.packet, *selector, deadline_of(in.body.block.deadline, in.now));
}

void Router::wait(PeerId peer, Waiter::Request request, std::string_view selector, TimePoint deadline)
{
    parse_selector(selector, asked_);
    Waiter waiter{peer, request, std::string{selector}, first_asked(asked_), deadline};
    connections_.hold(peer, waiter.bytes());
    waiters_.add(std::move(waiter));
}

WaitId Router::wait_for(std::uint32_t asker, std::string_view selector, TimePoint deadline, TimePoint now)
{
    const WaitId id{++last_wait_};
    const auto peer = connections_.of_handle(asker);
    const auto refuse = [&](CallEnd end, const char* why) { waited_.push_back({id, Failure{end, why}}); };
    if (!peer)
        refuse(CallEnd::caller_gone, "who has asked is gone");
    else if (selector.size() > limits_.selector_bytes_max)
        refuse(CallEnd::too_large, "the selector is too long");
    else if (waiters_.of(*peer) >= limits_.waiters_max)
        refuse(CallEnd::busy, "too many requests wait");
    else
        wait(*peer, id, selector, deadline);
    settle(now);
    return id;
}

void Router::stop_waiting(std::uint32_t asker, WaitId id)
{
    if (const auto peer = connections_.of_handle(asker)) stop_waiting(*peer, id);
}

void Router::stop_waiting(PeerId peer, Waiter::Request request)
{
    for (const Waiter& waiter : waiters_.cancel(peer, request)) connections_.release(peer, waiter.bytes());
}

/// Those of a client that has gone: the owner is told of what it waits for in its name.
void Router::forget_waiters(PeerId peer)
{
    for (const Waiter& waiter : waiters_.forget(peer)) {
        connections_.release(peer, waiter.bytes());
        if (const auto* id = std::get_if<WaitId>(&waiter.request))
            waited_.push_back({*id, Failure{CallEnd::caller_gone, "who has asked is gone"}});
    }
}

void Router::settle_waiters(TimePoint now)
{
    waiters_.settle(
        now, [&](const Waiter& waiter) { return takers_of(targets_.of_text(waiter.selector), now); },
        [&](const Waiter& waiter, std::uint32_t clients) { tell_waiter(waiter, clients, now); });
}

std::uint32_t Router::takers_of(const Target& target, TimePoint now)
{
    std::uint32_t takers = 0;
    for (const Found& one : target.found)
        if (connections_.takes_request(one.peer, 0, now))
            ++takers;
        else
            connections_[one.peer].awaited = true;
    return takers;
}

/// Those who have found it full are looked at again once it is not: when the router settles next.
void Router::look_for_room(PeerId id, TimePoint now)
{
    Peer& peer = connections_[id];
    if (!peer.awaited || !connections_.takes_request(id, 0, now)) return;
    peer.awaited = false;
    for (const RouteTable::Stored& stored : routes_.selectors(id)) waiters_.look_again(stored.selector);
}

void Router::tell_waiter(const Waiter& waiter, std::uint32_t clients, TimePoint now)
{
    connections_.release(waiter.peer, waiter.bytes());
    const Failure late{CallEnd::deadline, "nobody has come for " + waiter.selector};
    if (const auto* id = std::get_if<WaitId>(&waiter.request))
        return waited_.push_back({*id, clients > 0 ? WaitEnd{clients} : WaitEnd{late}});
    const CallEnd end = clients > 0 ? CallEnd::ok : late.end;
    const std::string payload = clients > 0 ? R"({"clients":)" + std::to_string(clients) + "}" : error_json(late);
    const wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(wire::ControlVerb::wait_for),
                                   .status = static_cast<std::uint8_t>(status_of(end))};
    connections_.send(waiter.peer,
                      NativeFrame{.flags = wire::flag::control,
                                  .id = std::get<std::uint32_t>(waiter.request),
                                  .block = block,
                                  .tail = payload},
                      now);
}

} // namespace pandora::hub::core
