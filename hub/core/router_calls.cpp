// The router's messages and answers: invoke, multi-invoke, send, broadcast, and how each of them ends.
#include "hub/core/router.hpp"
#include "hub/wire/json_reader.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pandora::hub::core {

namespace {

/// The answer to a multi-invoke is finished a little before its caller would give up on it, so that one
/// callee's silence does not cost the caller the answers of the others.
constexpr Millis batch_time(Millis timeout) { return std::max(Millis{1}, timeout - timeout / 10); }

std::string no_answer_in(Millis timeout) { return "target no response in " + std::to_string(timeout.count()) + "ms"; }

} // namespace

void Router::message(const Inbound& in)
{
    if (!in.body.data_is_object()) {
        counters_.dropped.add(Drop::wrong_shape);
        return;
    }
    Inbound request = in;
    request.wants_answer = wire::truthy(in.body.need_reply);
    if (shutting_down_)
        return refuse(request, {CallEnd::shutting_down, Drop::shutting_down, "PandoraShuttingDownError",
                                "the hub is shutting down"});

    const std::string_view remote = in.body.remote;
    const bool broadcast = wire::truthy(in.body.broadcast);
    if (broadcast && !wire::truthy(remote)) return shout(request);
    if (remote.empty() || remote == "null")
        return refuse(request, {CallEnd::invalid,
                                Drop::wrong_shape,
                                {},
                                "Cannot read properties of " + std::string{remote.empty() ? "undefined" : "null"} +
                                    " (reading 'clientId')"});
    if (remote.size() > limits_.selector_bytes_max)
        return refuse(request, {CallEnd::too_large, Drop::too_large, "PandoraTooLargeError",
                                "a selector is at most " + std::to_string(limits_.selector_bytes_max) + " bytes long"});
    parse_selector(remote, asked_);
    routes_.select(asked_, found_);
    if (found_.empty())
        return refuse(request, {CallEnd::no_route, Drop::no_route, "PandoraNoRouteError",
                                "Cannot found any clients by selector: " + std::string{remote}});
    if (!may_call(request))
        return refuse(request, {CallEnd::busy, Drop::busy, "PandoraBusyError",
                                "more than " + std::to_string(limits_.calls_in_flight_max) + " calls are in flight"});
    return broadcast ? to_all(request) : to_one(request);
}

/// Ends a message that nobody was given.
void Router::refuse(const Inbound& in, const Failure& failure)
{
    if (in.wants_answer) {
        counters_.calls.add(failure.end);
        respond(in.from, in.packet, wire::failure_reply(failure.name, failure.message), in.now);
        return;
    }
    counters_.dropped.add(failure.drop);
}

bool Router::may_call(const Inbound& in) const
{
    return !in.wants_answer || at(in.from).reach == Reach::builtin ||
           calls_.in_flight_from(in.from) < limits_.calls_in_flight_max;
}

/// A broadcast without a selector: everybody but the built-in ones, the sender included. Answers are not
/// collected.
void Router::shout(const Inbound& in)
{
    found_.clear();
    for (std::uint32_t i = 0; i < peers_.size(); ++i)
        if (peers_[i] && !peers_[i]->doomed && peers_[i]->reach == Reach::ordinary) found_.push_back({PeerId{i}});
    Inbound one_way = in;
    one_way.wants_answer = false;
    to_all(one_way);
    if (!in.wants_answer) return;
    counters_.calls.add(CallEnd::ok);
    respond(in.from, in.packet, wire::success_reply, in.now);
}

/// Whether the connection's queue, and the hub's memory, have room for a request of so many bytes. An empty
/// queue takes one of any length, as far as that leaves half of what is free to others.
bool Router::takes_request(PeerId id, std::size_t bytes, TimePoint now) const
{
    const Outbox& outbox = at(id).outbox;
    if (at(id).doomed || outbox.congested(limits_, now)) return false;
    const std::size_t left = limits_.total_bytes_max - std::min(queued_bytes_, limits_.total_bytes_max);
    if (outbox.empty()) return bytes <= left / 2;
    return outbox.bytes() + bytes <= std::min(limits_.queue_bytes_requests, left / limits_.request_share);
}

/// Of those found whose tag fits best and who keep up: one of those with the least to do. One that is being drained
/// is a last resort, but better than an error: nobody else can answer.
std::optional<PeerId> Router::choose(std::size_t bytes, TimePoint now)
{
    unsigned fit = ~0U;
    for (const Found& one : found_) fit = std::min(fit, one.misfit);
    std::pair least{true, ~0U};
    choices_.clear();
    for (const Found& one : found_) {
        if (one.misfit != fit || !takes_request(one.peer, bytes, now)) continue;
        const std::pair burden{at(one.peer).draining, calls_.outstanding_at(one.peer)};
        if (burden > least) continue;
        if (burden < least) choices_.clear();
        least = burden;
        choices_.push_back(one.peer);
    }
    if (choices_.empty()) return std::nullopt;
    return choices_[random_() % choices_.size()];
}

void Router::to_one(const Inbound& in)
{
    const auto callee = choose(in.body.data.size() + wire::rewrap_bytes_max, in.now);
    if (!callee)
        return refuse(
            in, {CallEnd::busy, Drop::busy, "PandoraBusyError", "the callee does not keep up with what it is sent"});
    const std::uint32_t packet = fresh_packet(*callee);
    if (in.wants_answer) calls_.add_leg(open_call(in, Gathering::one_answer), *callee, packet);
    deliver(in, *callee, packet, nullptr);
}

void Router::to_all(const Inbound& in)
{
    std::shared_ptr<const std::string> shared;
    if (found_.size() > 1 && in.body.data.size() >= shared_bytes_min)
        shared = std::make_shared<const std::string>(in.body.data);

    std::optional<CallId> call;
    if (in.wants_answer) call = open_call(in, Gathering::all_answers);
    for (const Found& one : found_) {
        const bool fits = takes_request(one.peer, in.body.data.size() + wire::rewrap_bytes_max, in.now);
        if (!fits && !call) counters_.dropped.add(Drop::busy);
        if (!fits && call)
            gather(*call, wire::failure_reply("PandoraBusyError", "the callee does not keep up with what it is sent",
                                              calls_[*call].remote));
        if (!fits) continue;
        const std::uint32_t packet = fresh_packet(one.peer);
        if (call) calls_.add_leg(*call, one.peer, packet);
        deliver(in, one.peer, packet, shared);
    }
    if (call && calls_[*call].legs == 0) finish_batch(*call, CallEnd::busy, in.now);
}

Millis Router::timeout_of(const wire::LegacyBody& body) const
{
    const auto asked = wire::number_of(body.timeout);
    if (!asked || *asked == 0) return limits_.call_timeout;
    const double bounded = std::clamp(*asked, static_cast<double>(limits_.call_timeout_min.count()),
                                      static_cast<double>(limits_.call_timeout_max.count()));
    return Millis{static_cast<Millis::rep>(bounded)};
}

CallId Router::open_call(const Inbound& in, Gathering gathering)
{
    Call call;
    call.caller = in.from;
    call.packet = in.packet;
    call.gathering = gathering;
    call.started = in.now;
    call.timeout = timeout_of(in.body);
    const Millis time = gathering == Gathering::all_answers ? batch_time(call.timeout) : call.timeout;
    if (gathering == Gathering::all_answers) {
        if (in.body.host.size() <= limits_.selector_bytes_max) call.remote = in.body.host; // each entry repeats it
        call.batch = R"({"success":true)";
        if (!call.remote.empty()) call.batch.append(R"(,"remote":)").append(call.remote);
        call.batch += R"(,"batchReply":[)";
        call.charged = call.batch.size() + call.remote.size();
        hold(in.from, call.charged);
    }
    const CallId id = calls_.open(std::move(call));
    call_deadlines_.arm(static_cast<Deadlines::Key>(id), in.now + time);
    return id;
}

void Router::deliver(const Inbound& in, PeerId to, std::uint32_t packet,
                     const std::shared_ptr<const std::string>& shared)
{
    const std::string_view source =
        at(to).wants_source ? std::string_view{at(in.from).source_member} : std::string_view{};
    const std::string_view data = shared ? std::string_view{*shared} : in.body.data;
    const wire::BodyPieces body = wire::message_down(source, data);
    enqueue(to, {packet, body.pieces(), shared}, in.now);
}

void Router::answer(const Inbound& in)
{
    const auto leg = calls_.find(in.from, in.body.answers);
    if (!leg) {
        const Peer& peer = at(in.from);
        const bool given = peer.packet_wrapped || (in.body.answers != 0 && in.body.answers <= peer.packet);
        counters_.dropped.add(given ? Drop::late_reply : Drop::forged_reply);
        return;
    }
    const CallId id = calls_[*leg].call;
    Call& call = calls_[id];
    if (call.gathering == Gathering::one_answer) {
        respond(call.caller, call.packet, in.body.data, in.now);
        const bool failed = in.body.data_is_object() && !wire::truthy(in.body.success);
        return close_call(id, failed ? CallEnd::app_error : CallEnd::ok, in.now);
    }
    calls_.close_leg(*leg);
    gather(id, in.body.data.empty() ? std::string_view{"null"} : in.body.data);
    if (call.legs == 0 || call.batch.size() > limits_.frame_bytes_max) finish_batch(id, CallEnd::ok, in.now);
}

void Router::gather(CallId id, std::string_view entry)
{
    Call& call = calls_[id];
    const std::size_t before = call.batch.size();
    if (!std::exchange(call.first_entry, false)) call.batch += ',';
    call.batch += entry;
    call.charged += call.batch.size() - before;
    hold(call.caller, call.batch.size() - before);
}

void Router::fail_leg(LegId leg, const Failure& failure, TimePoint now)
{
    const CallId id = calls_[leg].call;
    if (calls_[id].gathering == Gathering::one_answer) return fail_call(id, failure, now);
    calls_.close_leg(leg);
    gather(id, wire::failure_reply(failure.name, failure.message, calls_[id].remote));
    if (calls_[id].legs == 0) finish_batch(id, CallEnd::ok, now);
}

void Router::finish_batch(CallId id, CallEnd end, TimePoint now)
{
    Call& call = calls_[id];
    if (call.batch.size() > limits_.frame_bytes_max)
        return fail_call(
            id, {CallEnd::too_large, Drop::too_large, "PandoraTooLargeError", "the gathered answers are too large"},
            now);
    call.batch += "]}";
    respond(call.caller, call.packet, call.batch, now);
    close_call(id, end, now);
}

void Router::fail_call(CallId id, const Failure& failure, TimePoint now)
{
    const Call& call = calls_[id];
    respond(call.caller, call.packet, wire::failure_reply(failure.name, failure.message), now);
    close_call(id, failure.end, now);
}

void Router::close_call(CallId id, CallEnd end, TimePoint now)
{
    const Call& call = calls_[id];
    counters_.calls.add(end);
    counters_.call_duration.add(now - call.started);
    call_deadlines_.cancel(static_cast<Deadlines::Key>(id));
    release(call.caller, call.charged);
    calls_.close(id);
}

void Router::expire(CallId id, TimePoint now)
{
    const std::string message = no_answer_in(calls_[id].timeout);
    constexpr std::string_view name = "MessengerRequestTimeoutError"; // the npm client's own
    if (calls_[id].gathering == Gathering::one_answer)
        return fail_call(id, {CallEnd::deadline, Drop::late_reply, name, message}, now);
    while (const auto leg = calls_.any_leg_in(id)) {
        calls_.close_leg(*leg);
        gather(id, wire::failure_reply(name, message, calls_[id].remote));
    }
    finish_batch(id, CallEnd::deadline, now);
}

} // namespace pandora::hub::core
