#include "hub/core/router.hpp"

#include "hub/wire/json_reader.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pandora::hub::core {

namespace {

void append_text_or_null(std::string& out, std::string_view text)
{
    if (text.empty())
        out += "null";
    else
        wire::append_json_string(out, text);
}

std::string source_member_of(std::string_view client, const Identity& who)
{
    std::string out = R"(,"source":{"client":)";
    wire::append_json_string(out, client);
    out += R"(,"app":)";
    append_text_or_null(out, who.app);
    out += R"(,"process":)";
    append_text_or_null(out, who.process);
    out += R"(,"instance":)" + std::to_string(who.instance);
    out += R"(,"pid":)" + std::to_string(who.credentials.pid);
    out += R"(,"uid":)" + std::to_string(who.credentials.uid) + '}';
    return out;
}

/// Whether what is still queued for the connection is given up with it: it would not read it anyway.
bool forfeits_queue(Disconnect reason)
{
    return reason == Disconnect::slow_reader || reason == Disconnect::memory_budget;
}

} // namespace

Router::Router(const wire::Limits& limits, std::uint64_t seed, TimePoint now)
    : limits_{limits}, random_{seed}, call_deadlines_{now}, frame_deadlines_{now}, queue_deadlines_{now}
{}

std::optional<InstanceName> Router::Peer::instance_name() const
{
    if (reach == Reach::builtin || identity.process.empty()) return std::nullopt;
    return InstanceName{identity.process, identity.instance};
}

PeerId Router::free_slot()
{
    if (free_.empty()) {
        peers_.emplace_back();
        return PeerId{static_cast<std::uint32_t>(peers_.size() - 1)};
    }
    const PeerId id = free_.back();
    free_.pop_back();
    return id;
}

PeerId Router::connect(Identity identity, Reach reach, TimePoint now)
{
    const PeerId id = free_slot();
    auto peer = std::make_unique<Peer>();
    peer->reach = reach;
    peer->name = "c" + std::to_string(++names_);
    peer->source_member = source_member_of(peer->name, identity);
    peer->identity = std::move(identity);
    if (const auto name = peer->instance_name()) {
        drains_.connected(*name, id);
        peer->draining = drains_.is_draining(*name);
    }
    peers_[index_of(id)] = std::move(peer);
    ++connections_;
    ++counters_.connections_total;

    // As in Pandora.js: this makes a connection that has not said anything yet reachable by {}.
    constexpr std::string_view initial = R"({"initialization":true})";
    routes_.add(id, reach, initial);
    hold(id, initial.size());
    settle(now);
    return id;
}

void Router::disconnect(PeerId id, Disconnect reason, TimePoint now)
{
    if (!at(id).doomed) {
        counters_.disconnects.add(reason);
        at(id).doomed = true;
        detach(id, reason, now);
    }
    settle(now); // before the slot is free: answers to others' calls may end others
    discard_outbox(id);
    std::erase_if(closures_, [&](const Closure& closure) { return closure.peer == id; });
    assert(at(id).held_bytes == 0);
    peers_[index_of(id)].reset();
    free_.push_back(id);
    --connections_;
}

void Router::receive(PeerId id, const wire::Frame& frame, TimePoint now)
{
    ++counters_.frames_received;
    counters_.bytes_received += wire::header_bytes + frame.body.size();
    if (frame.body.empty() || at(id).doomed) return;

    const auto parsed = wire::parse_legacy(frame.body);
    if (const auto* body = std::get_if<wire::LegacyBody>(&parsed))
        dispatch({id, frame.header.id, *body, now});
    else if (std::holds_alternative<wire::Malformed>(parsed))
        malformed(id, frame.header.id, now);
    else
        counters_.dropped.add(Drop::no_envelope);
    settle(now);
}

void Router::dispatch(const Inbound& in)
{
    using enum wire::LegacyAction;
    switch (in.body.action) {
    case message: return Router::message(in);
    case reply: return answer(in);
    case online: return Router::online(in);
    case offline: return Router::offline(in);
    case publish: return Router::publish(in);
    case unpublish: return Router::unpublish(in);
    case unknown: counters_.dropped.add(Drop::unknown_action); return;
    }
}

void Router::malformed(PeerId id, std::uint32_t packet, TimePoint now)
{
    counters_.dropped.add(Drop::malformed);
    respond(id, packet, wire::failure_reply("PandoraMalformedFrameError", "the frame's body is not valid JSON"), now);
    Peer& peer = at(id);
    if (peer.malformed == 0 || now - peer.malformed_since >= std::chrono::minutes{1}) {
        peer.malformed = 0;
        peer.malformed_since = now;
    }
    if (++peer.malformed >= limits_.malformed_per_minute_max) doom(id, Disconnect::malformed);
}

void Router::receive_oversized(PeerId id, const wire::FrameHeader& header, TimePoint now)
{
    if (at(id).doomed) return;
    counters_.dropped.add(Drop::too_large);
    const std::string message = "a body of " + std::to_string(header.body_bytes) + " bytes is above the limit of " +
                                std::to_string(frame_bytes_max(id));
    respond(id, header.id, wire::failure_reply("PandoraTooLargeError", message), now);
    doom(id, Disconnect::frame_too_large);
    settle(now);
}

void Router::note_input(PeerId id, bool completed, std::size_t partial_bytes, TimePoint now)
{
    if (at(id).doomed) return;
    const auto key = static_cast<Deadlines::Key>(id);
    if (partial_bytes == 0)
        frame_deadlines_.cancel(key);
    else if (completed || !frame_deadlines_.armed(key))
        frame_deadlines_.arm(key, now + limits_.frame_completion_max);
    release(id, std::exchange(at(id).input_bytes, partial_bytes));
    hold(id, partial_bytes);
    settle(now);
}

std::uint32_t Router::frame_bytes_max(PeerId id) const
{
    // What pandora says to itself must get through whatever the owner allows to others.
    if (at(id).reach == Reach::builtin) return std::max(limits_.frame_bytes_max, wire::Limits{}.frame_bytes_max);
    return at(id).online ? limits_.frame_bytes_max : std::min(limits_.frame_bytes_max, limits_.frame_bytes_max_offline);
}

void Router::advance(TimePoint now)
{
    expired_.clear();
    frame_deadlines_.advance(now, expired_);
    for (const Deadlines::Key key : expired_) doom(PeerId{key}, Disconnect::frame_timeout);
    expired_.clear();
    queue_deadlines_.advance(now, expired_);
    for (const Deadlines::Key key : expired_) end_patience(PeerId{key}, now);
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
    std::optional<TimePoint> first;
    for (const Deadlines* const deadlines : {&call_deadlines_, &frame_deadlines_, &queue_deadlines_})
        if (const auto next = deadlines->next_expiry()) first = std::min(first.value_or(*next), *next);
    if (const auto next = drains_.next_deadline()) first = std::min(first.value_or(*next), *next);
    return first;
}

void Router::shut_down(TimePoint now)
{
    shutting_down_ = true;
    for (std::uint32_t i = 0; i < peers_.size(); ++i)
        while (const auto call = calls_.any_call_of(PeerId{i}))
            fail_call(
                *call,
                {CallEnd::shutting_down, Drop::shutting_down, "PandoraShuttingDownError", "the hub is shutting down"},
                now);
    settle(now);
}

void Router::doom(PeerId id, Disconnect reason)
{
    Peer& peer = at(id);
    if (peer.doomed) return;
    peer.doomed = true;
    counters_.disconnects.add(reason);
    doomed_.push_back({id, reason});
}

void Router::settle(TimePoint now)
{
    end_doomed(now);
    drains_.settle(calls_, now);
}

void Router::end_doomed(TimePoint now)
{
    for (;;) {
        if (doomed_.empty() && charged_bytes_ > limits_.total_bytes_max) evict_largest();
        if (doomed_.empty()) return;
        const Closure next = doomed_.back();
        doomed_.pop_back();
        if (forfeits_queue(next.reason)) discard_outbox(next.peer);
        detach(next.peer, next.reason, now);
        closures_.push_back(next);
    }
}

void Router::evict_largest()
{
    std::size_t most = 0;
    std::optional<PeerId> owner;
    for (std::uint32_t i = 0; i < peers_.size(); ++i) {
        if (!peers_[i] || peers_[i]->doomed || peers_[i]->reach == Reach::builtin) continue;
        const std::size_t charged = peers_[i]->outbox.bytes() + peers_[i]->held_bytes;
        if (charged <= most) continue;
        most = charged;
        owner = PeerId{i};
    }
    if (owner) doom(*owner, Disconnect::memory_budget);
}

/// Takes the connection out of everything: nobody can reach it any more, and it waits for nothing.
void Router::detach(PeerId id, Disconnect reason, TimePoint now)
{
    frame_deadlines_.cancel(static_cast<Deadlines::Key>(id));
    release(id, std::exchange(at(id).input_bytes, 0));
    removed_.clear();
    routes_.forget(id, removed_);
    withdrawn(id, removed_);
    while (const auto call = calls_.any_call_of(id)) close_call(*call, CallEnd::caller_gone, now);

    const Peer& peer = at(id);
    std::string who = peer.name;
    if (!peer.identity.process.empty())
        who += " (" + peer.identity.process + "#" + std::to_string(peer.identity.instance) + ")";
    const Failure gone{CallEnd::peer_gone, Drop::receiver_gone, "PandoraPeerGoneError",
                       who + " went away before it answered: " + std::string{name_of(reason)}};
    while (const auto leg = calls_.any_leg_of(id)) fail_leg(*leg, gone, now);
    if (const auto name = peer.instance_name()) drains_.disconnected(*name, id);
}

void Router::discard_outbox(PeerId id)
{
    Outbox& outbox = at(id).outbox;
    counters_.dropped.add(Drop::receiver_gone, outbox.frames());
    queued_bytes_ -= outbox.bytes();
    charged_bytes_ -= outbox.bytes();
    outbox.clear();
    queue_deadlines_.cancel(static_cast<Deadlines::Key>(id));
}

/// To be called whenever the queue has grown or moved. The deadline is set once and looked at again when it
/// comes (end_patience): queues move more often than patience ends.
void Router::watch_queue(PeerId id, TimePoint now)
{
    Outbox& outbox = at(id).outbox;
    outbox.watch(limits_, now);
    const auto key = static_cast<Deadlines::Key>(id);
    const auto end = outbox.patience_ends(limits_);
    if (!end)
        queue_deadlines_.cancel(key);
    else if (!queue_deadlines_.armed(key))
        queue_deadlines_.arm(key, *end);
}

void Router::end_patience(PeerId id, TimePoint now)
{
    const auto end = at(id).outbox.patience_ends(limits_);
    if (!end) return;
    if (*end <= now) return doom(id, Disconnect::slow_reader);
    queue_deadlines_.arm(static_cast<Deadlines::Key>(id), *end);
}

void Router::hold(PeerId id, std::size_t bytes)
{
    at(id).held_bytes += bytes;
    charged_bytes_ += bytes;
}

void Router::release(PeerId id, std::size_t bytes)
{
    at(id).held_bytes -= bytes;
    charged_bytes_ -= bytes;
}

std::uint32_t Router::fresh_packet(PeerId id)
{
    Peer& peer = at(id);
    do {
        if (peer.packet == wire::packet_id_max) peer.packet_wrapped = true;
        peer.packet = wire::next_packet_id(peer.packet);
    } while (calls_.find(id, peer.packet));
    return peer.packet;
}

void Router::enqueue(PeerId to, const OutFrame& frame, TimePoint now)
{
    Peer& peer = at(to);
    if (peer.doomed) {
        counters_.dropped.add(Drop::receiver_gone);
        return;
    }
    std::size_t bytes = wire::header_bytes;
    for (const std::string_view piece : frame.pieces) bytes += piece.size();
    if (peer.outbox.bytes() + bytes > limits_.queue_bytes_hard) {
        counters_.dropped.add(Drop::receiver_gone);
        doom(to, Disconnect::slow_reader);
        return;
    }
    peer.outbox.append(frame, now);
    watch_queue(to, now);
    queued_bytes_ += bytes;
    charged_bytes_ += bytes;
    if (!std::exchange(peer.dirty, true)) dirty_.push_back(to);
}

void Router::respond(PeerId to, std::uint32_t packet, std::string_view data, TimePoint now)
{
    const wire::PacketDigits digits{packet};
    const wire::BodyPieces body = wire::response(digits, data);
    enqueue(to, {fresh_packet(to), body.pieces()}, now);
}

void Router::sent(PeerId id, std::size_t bytes, TimePoint now)
{
    Peer& peer = at(id);
    counters_.frames_sent += peer.outbox.consume(bytes, now);
    counters_.bytes_sent += bytes;
    queued_bytes_ -= bytes;
    charged_bytes_ -= bytes;
    watch_queue(id, now);
}

void Router::take_dirty(std::vector<PeerId>& into)
{
    into.clear();
    into.swap(dirty_);
    std::erase_if(into, [&](PeerId id) { return !peers_[index_of(id)] || !std::exchange(at(id).dirty, false); });
}

void Router::take_closures(std::vector<Closure>& into)
{
    into.clear();
    into.swap(closures_);
}

void Router::take_events(std::vector<ObjectEvent>& into)
{
    into.clear();
    into.swap(events_);
}

void Router::mark_draining(const InstanceName& name, bool draining)
{
    for (const auto& peer : peers_)
        if (peer && peer->instance_name() == name) peer->draining = draining;
}

DrainId Router::drain(const InstanceName& name, TimePoint deadline, TimePoint now)
{
    const DrainId id = drains_.drain(name, deadline);
    mark_draining(name, true);
    settle(now);
    return id;
}

void Router::undrain(const InstanceName& name)
{
    drains_.undrain(name, calls_);
    mark_draining(name, false);
}

std::vector<RouteInfo> Router::routes() const
{
    std::vector<RouteInfo> out;
    for (const PeerId id : routes_.peers()) {
        const Peer& peer = at(id);
        RouteInfo& info = out.emplace_back(RouteInfo{peer.name, peer.identity, peer.reach, peer.draining, {}});
        for (const auto& stored : routes_.selectors(id)) info.selectors.push_back(stored.text);
    }
    return out;
}

} // namespace pandora::hub::core
