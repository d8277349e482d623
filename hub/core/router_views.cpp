// What people are shown: routes, clients, live traffic. Nothing here decides anything.
#include "hub/core/router.hpp"

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

void Router::take_taps(std::vector<TapRecord>& into) { swap_out(taps_, into); }

void Router::tap(bool on)
{
    tapping_ = on;
    if (!on) taps_.clear();
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

/// A record to be filled in; nullptr: nobody looks.
TapRecord* Router::new_record(TapRecord::Kind kind, TimePoint now)
{
    if (!tapping_) return nullptr;
    if (taps_.size() >= tap_records_max) {
        counters_.dropped.add(Drop::overflow);
        return nullptr;
    }
    TapRecord& record = taps_.emplace_back();
    record.kind = kind;
    record.at = now;
    return &record;
}

void Router::describe(const Message& message, TapRecord& record) const
{
    record.from = party_of(connections_[message.from]);
    record.object = message.object();
    record.method = message.method;
    record.act = message.act;
    record.bytes = message.payload.size();
    record.binary = message.native() && (message.flags & wire::flag::binary);
    record.payload = message.payload.substr(0, tap_payload_max);
}

void Router::tap_request(const Message& message, PeerId to, std::optional<CallId> call)
{
    const auto kind = message.wants_answer ? TapRecord::Kind::request : TapRecord::Kind::one_way;
    TapRecord* const record = new_record(kind, message.now);
    if (!record) return;
    describe(message, *record);
    record->to = party_of(connections_[to]);
    if (call) record->call = tap_number(*call);
}

void Router::tap_event(const Message& message, const std::string& object)
{
    TapRecord* const record = new_record(TapRecord::Kind::event, message.now);
    if (!record) return;
    describe(message, *record);
    record->object = object;
}

void Router::tap_failure(const Message& message, const Failure& failure)
{
    TapRecord* const record = new_record(TapRecord::Kind::failure, message.now);
    if (!record) return;
    describe(message, *record);
    record->end = failure.end;
}

void Router::tap_answer(CallId id, const Answer& answer)
{
    TapRecord* const record = new_record(TapRecord::Kind::answer, answer.now);
    if (!record) return;
    const Call& call = calls_[id];
    record->from = party_of(connections_[answer.from]);
    record->to = party_of(connections_[call.caller]);
    record->call = tap_number(id);
    record->end = answer.end;
    record->bytes = answer.payload.size();
    record->binary = (answer.flags & wire::flag::binary) != 0;
    record->lasted = std::chrono::duration_cast<std::chrono::microseconds>(answer.now - call.started);
    record->payload = answer.payload.substr(0, tap_payload_max);
}

void Router::tap_call_failure(CallId id, const Failure& failure, TimePoint now)
{
    TapRecord* const record = new_record(TapRecord::Kind::failure, now);
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
    const auto started = calls_[id].started.time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(started).count()) << 16 |
           (static_cast<std::uint32_t>(id) & 0xffff);
}

/// One leg has ended so at its callee.
void Router::count_for(PeerId callee, CallEnd end)
{
    if (CallEnds* const given = connections_[callee].given) given->add(end);
}

} // namespace pandora::hub::core
