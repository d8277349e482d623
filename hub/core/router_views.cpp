// What people are shown: routes, clients, live traffic. Nothing here decides anything.
#include "hub/core/router.hpp"

#include <algorithm>
#include <utility>

namespace pandora::hub::core {

namespace {

template <class Things>
void swap_out(Things& from, Things& into)
{
    into.clear();
    into.swap(from);
}

Party party_of(const Peer& peer) { return {peer.name, peer.identity.process, peer.identity.instance}; }

} // namespace

void Router::take_events(std::vector<ObjectEvent>& into) { swap_out(events_, into); }

void Router::take_liveness(std::vector<LivenessEvent>& into) { swap_out(liveness_events_, into); }

void Router::take_channels(std::vector<ChannelWanted>& into) { swap_out(channels_wanted_, into); }

void Router::take_waited(std::vector<Waited>& into) { swap_out(waited_, into); }

void Router::take_taps(std::vector<TapRecord>& into)
{
    swap_out(taps_, into);
    tap_bytes_ = 0;
}

void Router::tap(Tap what)
{
    tap_ = what;
    if (what != Tap::nothing) return;
    taps_.clear();
    tap_bytes_ = 0;
}

std::vector<RouteInfo> Router::routes() const
{
    std::vector<RouteInfo> out;
    for (const PeerId id : routes_.peers()) {
        const Peer& peer = connections_[id];
        RouteInfo& info = out.emplace_back(RouteInfo{peer.name, peer.identity, peer.reach, peer.draining, {}});
        for (const auto& stored : routes_.selectors(id)) info.selectors.push_back(stored.text);
    }
    return out;
}

std::vector<pid_t> Router::online_pids(const InstanceName& name) const
{
    std::vector<pid_t> pids;
    for (const PeerId id : drains_.connections(name)) {
        const pid_t pid = connections_[id].identity.credentials.pid;
        if (connections_[id].online && std::ranges::find(pids, pid) == pids.end()) pids.push_back(pid);
    }
    return pids;
}

std::vector<ClientInfo> Router::clients(TimePoint now) const
{
    std::vector<ClientInfo> out;
    connections_.each([&](PeerId id, const Peer& peer) {
        ClientInfo& info = out.emplace_back();
        info.client = peer.name;
        info.identity = peer.identity;
        info.builtin = is_own(peer.reach);
        info.native = peer.native != nullptr;
        info.online = peer.online;
        info.draining = peer.draining;
        info.unready = peer.unready;
        info.unresponsive = peer.unresponsive;
        info.age = std::chrono::duration_cast<Millis>(now - peer.since);
        info.queued_bytes = peer.outbox.bytes();
        info.queued_frames = peer.outbox.frames();
        info.held_bytes = peer.held_bytes;
        info.in_flight = calls_.in_flight_from(id);
        info.outstanding = calls_.outstanding_at(id);
        info.subscriptions = topics_.subscriptions_of(id);
        info.channels = channels_.of(id);
        for (const auto& stored : routes_.selectors(id)) info.selectors.push_back(stored.text);
    });
    return out;
}

std::vector<ChannelInfo> Router::direct_channels(TimePoint now) const
{
    const auto end = [this](PeerId id, const ChannelReport& told) {
        const Peer& peer = connections_[id];
        return ChannelInfo::End{peer.name, peer.identity, peer.handle, told};
    };
    std::vector<ChannelInfo> out;
    channels_.each([&](ChannelId id, const Channel& channel) {
        out.push_back({id, end(channel.caller, channel.of_caller), end(channel.callee, channel.of_callee),
                       channel.object, std::chrono::duration_cast<Millis>(now - channel.since)});
    });
    return out;
}

/// A record to be filled in, which will keep so many bytes of text; nullptr: nobody looks, or too much waits.
TapRecord* Router::new_record(TapRecord::Kind kind, TimePoint now, std::size_t texts)
{
    if (tap_ == Tap::nothing) return nullptr;
    if (taps_.size() >= wire::tap_records_max || texts > wire::tap_bytes_max - tap_bytes_) {
        counters_.dropped.add(Drop::monitor);
        return nullptr;
    }
    tap_bytes_ += texts;
    TapRecord& record = taps_.emplace_back();
    record.kind = kind;
    record.at = now;
    return &record;
}

/// What is kept of a payload.
std::string_view Router::tapped(std::string_view payload) const
{
    return tap_ == Tap::payloads ? payload.substr(0, wire::tap_payload_max) : std::string_view{};
}

TapRecord* Router::record_of(const Message& message, std::string_view object, TapRecord::Kind kind)
{
    const std::string_view payload = tapped(message.payload);
    TapRecord* const record = new_record(kind, message.now, object.size() + message.method.size() + payload.size());
    if (!record) return nullptr;
    record->from = party_of(connections_[message.from]);
    record->object = object;
    record->method = message.method;
    record->act = message.act;
    record->bytes = message.payload.size();
    record->binary = message.native() && (message.flags & wire::flag::binary);
    if (tap_ == Tap::payloads) record->payload = payload;
    return record;
}

void Router::tap_request(const Message& message, PeerId to, std::optional<CallId> call)
{
    const auto kind = message.wants_answer ? TapRecord::Kind::request : TapRecord::Kind::one_way;
    TapRecord* const record = record_of(message, message.object(), kind);
    if (!record) return;
    record->to = party_of(connections_[to]);
    if (call) record->call = tap_number(*call);
}

void Router::tap_event(const Message& message, const std::string& object)
{
    record_of(message, object, TapRecord::Kind::event);
}

void Router::tap_failure(const Message& message, const Failure& failure)
{
    TapRecord* const record = record_of(message, message.object(), TapRecord::Kind::failure);
    if (record) record->end = failure.end;
}

void Router::tap_answer(CallId id, const Answer& answer)
{
    const std::string_view payload = tapped(answer.payload);
    TapRecord* const record = new_record(TapRecord::Kind::answer, answer.now, payload.size());
    if (!record) return;
    const Call& call = calls_[id];
    record->from = party_of(connections_[answer.from]);
    record->to = party_of(connections_[call.caller]);
    record->call = tap_number(id);
    record->end = answer.end;
    record->bytes = answer.payload.size();
    record->binary = (answer.flags & wire::flag::binary) != 0;
    record->lasted = std::chrono::duration_cast<std::chrono::microseconds>(answer.now - call.started);
    if (tap_ == Tap::payloads) record->payload = payload;
}

void Router::tap_call_failure(CallId id, const Failure& failure, TimePoint now)
{
    TapRecord* const record = new_record(TapRecord::Kind::failure, now, 0);
    if (!record) return;
    const Call& call = calls_[id];
    record->to = party_of(connections_[call.caller]);
    record->call = tap_number(id);
    record->end = failure.end;
    record->lasted = std::chrono::duration_cast<std::chrono::microseconds>(now - call.started);
    if (failure.whose) record->from = {{}, failure.whose->process, failure.whose->instance};
}

/// Tells calls apart that use the same slot: by when they began.
std::uint64_t Router::tap_number(CallId id) const
{
    return nanoseconds(calls_[id].started) << 16 | (static_cast<std::uint32_t>(id) & 0xffff);
}

/// One leg has ended so at its callee.
void Router::count_for(PeerId callee, CallEnd end)
{
    if (CallEnds* const given = connections_[callee].given) given->add(end);
}

} // namespace pandora::hub::core
