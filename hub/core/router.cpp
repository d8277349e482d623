#include "hub/core/router.hpp"

#include "hub/wire/json_text.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pandora::hub::core {

Router::Router(const wire::Limits& limits, std::uint64_t seed, TimePoint now)
    : limits_{limits}, random_{seed}, names_{limits.names_max, limits.names_bytes_max},
      targets_{routes_, names_, limits.targets_bytes_max}, calls_{seed},
      connections_{limits_, calls_, names_, counters_, now}, topics_{limits_}, legacy_subscriptions_{limits_},
      liveness_{limits_, now}, parking_{limits_}, call_deadlines_{now}, mourning_deadlines_{now}
{}

PeerId Router::connect(Identity identity, Reach reach, TimePoint now)
{
    const PeerId id = connections_.add(std::move(identity), reach, now);
    Peer& peer = connections_[id];
    if (const auto name = peer.instance_name()) {
        drains_.connected(*name, id);
        peer.draining = drains_.is_draining(*name);
        peer.unready = !expectations_.ready(*name);
    }
    liveness_.connected(id, false, now);

    // As in Pandora.js: this makes a connection that has not said anything yet reachable by {}.
    constexpr std::string_view initial = R"({"initialization":true})";
    routes_.add(id, reach, initial);
    connections_.hold(id, routes_.selectors(id).back().bytes());
    waiters_.look_again(routes_.selectors(id).back().selector);
    settle(now);
    return id;
}

void Router::disconnect(PeerId id, Disconnect reason, TimePoint now)
{
    if (!connections_[id].doomed) {
        counters_.disconnects.add(reason);
        connections_[id].doomed = true;
        detach(id, reason, now);
    }
    settle(now); // before the slot is free: answers to others' calls may end others
    connections_.remove(id);
}

void Router::receive(PeerId id, const wire::Frame& frame, std::span<const Fd> fds, TimePoint now)
{
    ++counters_.frames_received;
    counters_.bytes_received += wire::header_bytes + frame.body.size();
    liveness_.heard(id, now);
    if (frame.body.empty() || connections_[id].doomed) return;
    if (connections_[id].native && (frame.header.flags & wire::flag::native))
        receive_native(id, frame, fds, now);
    else
        receive_legacy(id, frame, now);
    settle(now);
}

void Router::receive_legacy(PeerId id, const wire::Frame& frame, TimePoint now)
{
    const auto parsed = wire::parse_legacy(frame.body);
    if (const auto* body = std::get_if<wire::LegacyBody>(&parsed))
        dispatch({id, frame.header.id, *body, frame, now});
    else if (std::holds_alternative<wire::Malformed>(parsed))
        malformed(id, frame.header.id, now);
    else
        connections_.drop(id, Drop::no_envelope);
}

void Router::dispatch(const Inbound& in)
{
    using enum wire::LegacyAction;
    const bool native = connections_[in.from].native != nullptr; // and then its messages are native frames
    switch (in.body.action) {
    case message: return native ? wrong_dialect(in) : legacy_message(in);
    case reply: return native ? wrong_dialect(in) : legacy_answer(in);
    case online: return Router::online(in);
    case offline: return Router::offline(in);
    case publish: return Router::publish(in);
    case unpublish: return Router::unpublish(in);
    case unknown: connections_.drop(in.from, Drop::unknown_action); return;
    }
}

void Router::wrong_dialect(const Inbound& in)
{
    connections_.drop(in.from, Drop::wrong_shape);
    if (in.body.action != wire::LegacyAction::message || !wire::truthy(in.body.need_reply)) return;
    const Failure failure{CallEnd::invalid, "a client that has gone native sends messages as native frames"};
    connections_.respond(in.from, in.packet, failure_reply(failure), in.now);
}

void Router::malformed(PeerId id, std::uint32_t packet, TimePoint now)
{
    connections_.drop(id, Drop::malformed);
    connections_.respond(id, packet,
                         wire::failure_reply("PandoraMalformedFrameError", "the frame's body is not valid JSON"), now);
    Peer& peer = connections_[id];
    if (peer.malformed == 0 || now - peer.malformed_since >= std::chrono::minutes{1}) {
        peer.malformed = 0;
        peer.malformed_since = now;
    }
    if (++peer.malformed >= limits_.malformed_per_minute_max) connections_.doom(id, Disconnect::malformed);
}

void Router::receive_oversized(PeerId id, const wire::FrameHeader& header, TimePoint now)
{
    if (connections_[id].doomed) return;
    connections_.drop(id, Drop::too_large);
    const Failure failure{CallEnd::too_large, "a body of " + std::to_string(header.body_bytes) +
                                                  " bytes is above the limit of " +
                                                  std::to_string(frame_bytes_max(id))};
    if (connections_[id].native && (header.flags & wire::flag::native))
        answer_failed(id, header.id, failure, now);
    else
        connections_.respond(id, header.id, failure_reply(failure), now);
    connections_.doom(id, Disconnect::frame_too_large);
    settle(now);
}

void Router::receive_violation(PeerId id, Disconnect reason, TimePoint now)
{
    connections_.doom(id, reason);
    settle(now);
}

void Router::note_input(PeerId id, bool completed, std::size_t partial_bytes, std::size_t fds, TimePoint now)
{
    if (connections_[id].doomed) return;
    connections_.note_input(id, completed, partial_bytes, now);
    connections_.note_input_fds(id, fds);
    settle(now);
}

std::uint32_t Router::frame_bytes_max(PeerId id) const
{
    // What pandora says to itself must get through whatever the owner allows to others.
    const Peer& peer = connections_[id];
    if (is_own(peer.reach)) return std::max(limits_.frame_bytes_max, wire::Limits{}.frame_bytes_max);
    return peer.online ? limits_.frame_bytes_max : std::min(limits_.frame_bytes_max, limits_.frame_bytes_max_offline);
}

void Router::advance(TimePoint now)
{
    connections_.advance(now);
    watch_liveness(now);
    settle(now);

    // A call that ends here may end a connection and with it other calls of this very list: settle only
    // afterwards, and expire() needs no more than that its call is open, which nothing but settle can change.
    expired_.clear();
    call_deadlines_.advance(now, expired_);
    for (const Deadlines::Key key : expired_) expire(CallId{key}, now);
    settle(now);
}

std::optional<TimePoint> Router::next_deadline() const
{
    std::optional<TimePoint> first = call_deadlines_.next_expiry();
    for (const auto& next : {connections_.next_deadline(), drains_.next_deadline(), waiters_.next_deadline(),
                             liveness_.next_deadline(), mourning_deadlines_.next_expiry()})
        if (next) first = std::min(first.value_or(*next), *next);
    return first;
}

void Router::shut_down(TimePoint now)
{
    shutting_down_ = true;
    tell_all_losses(now); // the supervisor will say nothing more
    const Failure ending{CallEnd::shutting_down, "the hub is shutting down"};
    connections_.each([&](PeerId id, Peer& peer) {
        while (const auto call = calls_.any_call_of(id)) fail_call(*call, ending, now);
        if (peer.native && !peer.doomed) say_goaway(id, now);
    });
    settle(now);
}

/// Does what follows from what has just happened. Whatever a public function does ends with it.
void Router::settle(TimePoint now)
{
    do {
        end_doomed(now);
        end_mourning(now);
        resume_parked(now);
        settle_waiters(now);
    } while (!came_.empty() || connections_.has_doomed());
    drains_.settle(calls_, now);
}

void Router::end_doomed(TimePoint now)
{
    while (const auto next = connections_.next_doomed()) {
        const Peer& peer = connections_[next->peer];
        cuts_.push_back({peer.name, peer.identity, now, next->reason});
        if (cuts_.size() > wire::cuts_remembered) cuts_.pop_front();
        detach(next->peer, next->reason, now);
    }
}

/// Takes the connection out of everything: nobody can reach it any more, and it waits for nothing.
void Router::detach(PeerId id, Disconnect reason, TimePoint now)
{
    connections_.forget_input(id);
    if (connections_[id].unresponsive) liveness_events_.push_back({connections_[id].identity, false, {}});
    liveness_.gone(id);
    removed_.clear();
    routes_.forget(id, removed_);
    withdrawn(id, removed_);
    while (const auto call = calls_.any_call_of(id)) close_call(*call, CallEnd::caller_gone, now);

    const Peer& peer = connections_[id];
    const Failure gone{CallEnd::peer_gone, peer.title() + " went away before it answered", peer.instance_name()};
    while (const auto leg = calls_.any_leg_of(id)) lose_leg(*leg, {gone, name_of(reason)}, now);
    forget_waiters(id);
    forget_events(id, now);
    forget_channels(id, now);
    if (const auto name = peer.instance_name()) drains_.disconnected(*name, id);
    connections_.forget_introductions(id);
    connections_.release(id, peer.host.size());
    connections_[id].host.clear();
}

void Router::sent(PeerId id, std::size_t bytes, TimePoint now)
{
    connections_.sent(id, bytes, now);
    liveness_.moved(id, now);
    if (topics_.has_backlog(id)) send_backlog(id, now);
    look_for_room(id, now);
}

void Router::blocked(PeerId id, TimePoint now)
{
    if (!connections_[id].doomed) liveness_.stalled(id, now);
}

void Router::watch_liveness(TimePoint now)
{
    pings_.clear();
    verdicts_.clear();
    liveness_.advance(now, pings_, verdicts_);
    for (const PeerId id : pings_) say_ping(id, now);
    for (const Liveness::Verdict& verdict : verdicts_) {
        Peer& peer = connections_[verdict.peer];
        peer.unresponsive = verdict.is == Liveness::Verdict::Is::unresponsive;
        liveness_events_.push_back(
            {peer.identity, peer.unresponsive, std::chrono::duration_cast<Millis>(now - verdict.since)});
    }
}

void Router::mark(const InstanceName& name, bool Peer::*what, bool is)
{
    for (const PeerId id : drains_.connections(name)) connections_[id].*what = is;
}

DrainId Router::drain(const InstanceName& name, TimePoint deadline, TimePoint now)
{
    const DrainId id = drains_.drain(name, deadline);
    mark(name, &Peer::draining, true);
    for (const PeerId peer : drains_.connections(name))
        if (connections_[peer].native && !connections_[peer].doomed) say_goaway(peer, now);
    settle(now);
    return id;
}

void Router::undrain(const InstanceName& name, TimePoint now)
{
    drains_.undrain(name, calls_);
    mark(name, &Peer::draining, false);
    came_.push_back({name.process, {}});
    settle(now);
}

void Router::set_policy(Policy policy, bool strict)
{
    policy_ = std::move(policy);
    strict_ = strict;
}

} // namespace pandora::hub::core
