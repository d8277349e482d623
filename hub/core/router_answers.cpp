// How calls end: by an answer, by a failure, by their deadline; each exactly once.
#include "hub/core/router.hpp"
#include "hub/core/translation.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pandora::hub::core {

/// An answer that no call waits for.
void Router::unasked_answer(PeerId from, std::uint32_t packet)
{
    connections_.drop(from, calls_.was_given(from, packet) ? Drop::late_reply : Drop::forged_reply);
}

void Router::answered(LegId leg, Answer& answer)
{
    const CallId id = calls_[leg].call;
    const bool streams = answer.has_more() && calls_[id].gathering != Gathering::all_answers;
    if (streams && !takes_part(calls_[id])) return refuse_part(id, answer);
    make_fit(id, answer);
    if (calls_[id].gathering == Gathering::all_answers) {
        close_answered(leg, answer);
        gather(id, answer);
        return finish_if_complete(id, answer.now);
    }
    if (answer.has_more()) return part(id, answer);
    tap_answer(id, answer);
    pass_on(id, answer);
    if (!streams) close_answered(leg, answer); // else it has more to say, and is told that nobody wants it
    close_call(id, answer.end, answer.now);
}

void Router::close_answered(LegId leg, const Answer& answer)
{
    count_for(answer.from, answer.end);
    calls_.close_leg(leg);
}

/// What the caller could not be told becomes a failure that it can.
void Router::make_fit(CallId id, Answer& answer)
{
    const Call& call = calls_[id];
    const Peer& caller = connections_[call.caller];
    const auto fail = [&](CallEnd end, std::string_view why) {
        unfit_ = error_json({end, std::string{why}, connections_[answer.from].instance_name()});
        answer.end = end;
        answer.payload = unfit_;
        answer.flags = 0;
        answer.fds = {};
        answer.form = static_cast<const wire::NativeBody*>(nullptr);
    };
    if (!answer.fds.empty() && !connections_.takes_fds(call.caller, answer.fds.size()))
        return fail(CallEnd::busy, "too many descriptors wait for the caller");
    if (!caller.native && answer.needs_native())
        return fail(CallEnd::unsupported, "the callee's answer has no form in the legacy dialect");
    // Not `unsupported` for who has pools: it could send the call again, which has been acted on.
    if (answer.is_pooled() && !lend(answer, call.caller))
        return fail(caller.native->pools ? CallEnd::busy : CallEnd::unsupported,
                    "the caller cannot be given the callee's shared memory");
    if (caller.native) return;
    if (answer.native() && !answer.payload.empty() && !wire::is_json(answer.payload))
        return fail(CallEnd::app_error, "the callee's answer is no valid JSON");
}

bool Router::takes_part(const Call& call) const { return connections_[call.caller].native && call.parts > 0; }

void Router::refuse_part(CallId id, const Answer& answer)
{
    connections_.drop(answer.from, Drop::unasked);
    fail_call(id, {CallEnd::invalid, "the callee sent more answers than it was granted"}, answer.now);
}

/// An answer with more to come.
void Router::part(CallId id, Answer& answer)
{
    Call& call = calls_[id];
    --call.parts;
    // Its caller has seen a part of what this callee says: another one cannot go on with that.
    connections_.release(call.caller, call.frame.size());
    call.charged -= call.frame.size();
    call.frame = {};
    pass_on(id, answer);
}

/// Sends the caller of an invoke what one callee has answered.
void Router::pass_on(CallId id, const Answer& answer)
{
    const Call& call = calls_[id];
    const Peer& caller = connections_[call.caller];
    if (caller.native) return pass_on_native(call, answer, answer.has_more());
    if (answer.legacy()) return connections_.respond(call.caller, call.packet, answer.legacy()->data, answer.now);
    const std::string reply = legacy_reply(answer, connections_[answer.from].host, caller.host);
    connections_.respond(call.caller, call.packet, reply, answer.now);
}

void Router::pass_on_native(const Call& call, const Answer& answer, bool more)
{
    connections_.introduce_source(call.caller, answer.from, answer.now);
    NativeFrame frame{.flags = more ? wire::flag::more : std::uint8_t{0}, .id = call.packet};
    frame.block.verb = static_cast<std::uint8_t>(wire::Verb::reply);
    if (const wire::NativeBody* const body = answer.native()) {
        frame.block = body->block;
        frame.block.credit = 0; // it was for the hub
        frame.tail = body->after_block;
        frame.tlv_bytes = wire::head_bytes(*body) - wire::block_bytes_min;
        frame.flags |= answer.flags & (wire::flag::binary | wire::flag::fds);
        frame.fds = answer.fds;
    } else {
        frame.payload = answer.payload;
    }
    frame.block.status = static_cast<std::uint8_t>(status_of(answer.end));
    frame.block.src = connections_[answer.from].handle;
    connections_.send(call.caller, frame, answer.now);
}

/// One callee's answer to a call that wants them all: passed on at once, or kept for the one that the legacy dialect
/// has.
void Router::gather(CallId id, const Answer& answer)
{
    Call& call = calls_[id];
    ++call.answered;
    tap_answer(id, answer);
    if (connections_[call.caller].native) return pass_on_native(call, answer, true);
    if (answer.legacy())
        return add_entry(call, answer.legacy()->data.empty() ? std::string_view{"null"} : answer.legacy()->data);
    add_entry(call, legacy_reply(answer, connections_[answer.from].host, call.remote));
}

void Router::add_entry(Call& call, std::string_view entry)
{
    const std::size_t before = call.batch.size();
    if (!std::exchange(call.first_entry, false)) call.batch += ',';
    call.batch += entry;
    charge(call, call.batch.size() - before);
}

/// More is kept for it: until it is closed.
void Router::charge(Call& call, std::size_t bytes)
{
    call.charged += bytes;
    connections_.hold(call.caller, bytes);
}

/// Instead of one callee's answer.
void Router::gather_failure(CallId id, PeerId callee, const Failure& failure, TimePoint now)
{
    Call& call = calls_[id];
    if (!connections_[call.caller].native) return add_entry(call, failure_reply(failure, call.remote));
    const wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(wire::Verb::reply),
                                   .status = static_cast<std::uint8_t>(status_of(failure.end)),
                                   .src = connections_[callee].handle};
    const std::string error = error_json(failure);
    connections_.introduce_source(call.caller, callee, now);
    connections_.send(call.caller,
                      NativeFrame{.flags = wire::flag::more, .id = call.packet, .block = block, .payload = error}, now);
}

void Router::finish_if_complete(CallId id, TimePoint now)
{
    const Call& call = calls_[id];
    if (call.legs == 0 || call.batch.size() > limits_.frame_bytes_max) finish_batch(id, CallEnd::ok, now);
}

void Router::finish_batch(CallId id, CallEnd end, TimePoint now)
{
    Call& call = calls_[id];
    if (connections_[call.caller].native) {
        const auto status = end == CallEnd::deadline ? wire::Status::deadline : wire::Status::ok;
        const wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(wire::Verb::reply),
                                       .status = static_cast<std::uint8_t>(status)};
        const std::string counts =
            R"({"asked":)" + std::to_string(call.asked) + R"(,"answered":)" + std::to_string(call.answered) + "}";
        connections_.send(call.caller, NativeFrame{.id = call.packet, .block = block, .payload = counts}, now);
        return close_call(id, end, now);
    }
    if (call.batch.size() > limits_.frame_bytes_max)
        return fail_call(id, {CallEnd::too_large, "the gathered answers are too large"}, now);
    call.batch += "]}";
    connections_.respond(call.caller, call.packet, call.batch, now);
    close_call(id, end, now);
}

/// A failure in answer to a native client's request.
void Router::answer_failed(PeerId to, std::uint32_t packet, const Failure& failure, TimePoint now)
{
    const wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(wire::Verb::reply),
                                   .status = static_cast<std::uint8_t>(status_of(failure.end))};
    const std::string error = error_json(failure);
    connections_.send(to, NativeFrame{.id = packet, .block = block, .payload = error}, now);
}

void Router::fail_call(CallId id, const Failure& failure, TimePoint now)
{
    const Call& call = calls_[id];
    if (call.gathering == Gathering::no_answer)
        connections_.drop(call.caller, drop_of(failure.end));
    else if (connections_[call.caller].native)
        answer_failed(call.caller, call.packet, failure, now);
    else
        connections_.respond(call.caller, call.packet, failure_reply(failure), now);
    tap_call_failure(id, failure, now);
    close_call(id, failure.end, now);
}

/// The end of a call, whatever it was: nothing of it is left behind.
void Router::close_call(CallId id, CallEnd end, TimePoint now)
{
    const Call& call = calls_[id];
    if (call.gathering != Gathering::no_answer) {
        counters_.calls.add(end);
        counters_.call_duration.add(now - call.started);
    }
    call_deadlines_.cancel(static_cast<Deadlines::Key>(id));
    connections_.release(call.caller, call.charged);
    if (call.kept_by == KeptBy::parking) connections_.release(call.caller, parking_.remove(id));
    if (call.kept_by == KeptBy::mourning) {
        mourned_.erase(id);
        mourning_deadlines_.cancel(static_cast<Deadlines::Key>(id));
    }
    const bool unanswered = end != CallEnd::ok && end != CallEnd::app_error;
    while (const auto leg = calls_.any_leg_in(id)) give_up(*leg, end, unanswered, now);
    calls_.close(id);
}

/// Nobody waits for this callee's answer any more; `tell`: it is told so.
void Router::give_up(LegId leg, CallEnd end, bool tell, TimePoint now)
{
    const PeerId callee = calls_[leg].callee;
    if (tell && connections_[callee].native && !connections_[callee].doomed)
        connections_.say(callee, wire::ControlVerb::cancel, {.id = calls_[leg].packet}, now);
    count_for(callee, end);
    calls_.close_leg(leg);
}

void Router::expire(CallId id, TimePoint now)
{
    const Call& call = calls_[id];
    const Failure late{CallEnd::deadline, "target no response in " + std::to_string(call.timeout.count()) + "ms"};
    if (call.gathering != Gathering::all_answers) return fail_call(id, late, now);
    while (const auto leg = calls_.any_leg_in(id)) {
        const PeerId callee = calls_[*leg].callee;
        give_up(*leg, CallEnd::deadline, true, now);
        gather_failure(id, callee, late, now);
    }
    finish_batch(id, CallEnd::deadline, now);
}

} // namespace pandora::hub::core
