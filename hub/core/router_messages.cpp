// To whom a message goes: one of those that match, all of them, or everybody.
#include "hub/core/router.hpp"
#include "hub/core/translation.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

namespace pandora::hub::core {

namespace {

/// The answer to a multi-invoke is finished a little before its caller would give up on it, so that one
/// callee's silence does not cost the caller the answers of the others.
TimePoint batch_deadline(const Message& message)
{
    const auto time = message.deadline - message.now;
    return message.now + std::max<TimePoint::duration>(Millis{1}, time - time / 10);
}

Failure cannot_be_told() { return {CallEnd::unsupported, "the callee's dialect has no form for this"}; }

Failure does_not_keep_up() { return {CallEnd::busy, "the callee does not keep up with what it is sent"}; }

} // namespace

/// A message whose selector is known to make sense.
void Router::route(Message& message)
{
    if (!may_ask(message))
        return refuse(message, {CallEnd::denied,
                                "the app's policy does not allow " + connections_[message.from].title() + " to call " +
                                    std::string{message.object()} + "." + std::string{message.method}});
    if (!may_call(message))
        return refuse(message, {CallEnd::busy,
                                "more than " + std::to_string(limits_.calls_in_flight_max) + " calls are in flight"});
    return message.to_all ? to_all(message) : to_one(message);
}

bool Router::may_ask(const Message& message)
{
    const Peer& peer = connections_[message.from];
    if (policy_.empty() || is_own(peer.reach)) return true;
    if (message.is_unjudgeable) return false;
    const bool about_event = message.act == wire::Act::subscribe || message.act == wire::Act::unsubscribe;
    return policy_.allows(about_event ? PolicyVerb::subscribe : PolicyVerb::call, peer.identity, message.object(),
                          message.method);
}

bool Router::may_call(const Message& message) const
{
    return !message.wants_answer || message.resumed || is_own(connections_[message.from].reach) ||
           calls_.in_flight_from(message.from) < limits_.calls_in_flight_max;
}

/// Ends a message that nobody was given.
void Router::refuse(const Message& message, const Failure& failure)
{
    if (message.resumed) return fail_call(*message.resumed, failure, message.now);
    if (!message.wants_answer) return connections_.drop(message.from, drop_of(failure.end));
    counters_.calls.add(failure.end);
    tap_failure(message, failure);
    if (message.native()) return answer_failed(message.from, message.packet, failure, message.now);
    connections_.respond(message.from, message.packet, failure_reply(failure), message.now);
}

/// Everybody but the built-in ones, the sender included. Answers are not collected.
void Router::shout(Message& message)
{
    if (message.is_pooled() || !message.fds.empty())
        return refuse(message, {CallEnd::unsupported, "what is for everybody has no descriptors"});
    // What names an object is judged by the policy, and goes to those who publish it.
    parse_selector(message.remote, asked_);
    if (message.native() && !asked_.all_falsy())
        return refuse(message, {CallEnd::invalid, "what is for everybody names nobody"});
    const bool wanted = std::exchange(message.wants_answer, false);
    std::vector<Found> everybody;
    connections_.each([&](PeerId id, const Peer& peer) {
        if (!peer.doomed && peer.reach == Reach::ordinary) everybody.push_back({id});
    });
    give_all(message, everybody, std::nullopt);
    if (!wanted) return;
    counters_.calls.add(CallEnd::ok);
    if (message.legacy()) return connections_.respond(message.from, message.packet, wire::success_reply, message.now);
    connections_.send(
        message.from,
        NativeFrame{.id = message.packet, .block = {.verb = static_cast<std::uint8_t>(wire::Verb::reply)}},
        message.now);
}

void Router::to_one(Message& message)
{
    const Choice choice = choose(message);
    if (const auto* failure = std::get_if<Failure>(&choice)) {
        if (wait_worth(message, *failure)) return;
        return refuse(message, *failure);
    }
    const PeerId callee = std::get<PeerId>(choice);
    Forms forms;
    if (!prepare(message, callee, forms)) return refuse(message, cannot_be_told());
    std::optional<CallId> call = message.resumed;
    if (message.wants_answer) call = open_call(message, Gathering::one_answer);
    std::optional<LegId> leg;
    if (call && calls_[*call].gathering == Gathering::one_answer) leg = calls_.add_leg(*call, callee);
    note_subscription(message, callee);
    give(message, callee, leg ? calls_[*leg].packet : calls_.next_packet(callee), forms);
    if (leg && message.resumed) grant_kept(message, *leg);
    tap_request(message, callee, call);
    if (call && calls_[*call].gathering == Gathering::no_answer) close_call(*call, CallEnd::ok, message.now);
}

/// What its caller has granted while nobody had the call, or somebody who died, is the next callee's: as far as one
/// CREDIT tells it.
void Router::grant_kept(const Message& message, LegId leg)
{
    Call& call = calls_[calls_[leg].call];
    const std::uint32_t more = std::min<std::uint32_t>(call.parts - message.parts, UINT16_MAX);
    call.parts = message.parts + more;
    if (more > 0) grant_parts(leg, more, message.now);
}

/// Of those whose tag fits best, who can be told it and who keep up: by its key, or one of those with the least to do.
/// One that is being drained, is not ready or does not answer is a last resort, but better than an error: nobody else
/// can answer.
Router::Choice Router::choose(const Message& message)
{
    const Target& target = *message.target;
    if (target.found.empty()) return no_route(message);
    choices_.clear();
    std::tuple least{true, ~0U};
    bool told = false, any_fit = false;
    for (std::size_t i = 0; i < target.fitting; ++i) {
        const PeerId id = target.found[i].peer;
        const Peer& peer = connections_[id];
        if (message.needs_native() && !(peer.native && (!message.is_pooled() || peer.native->pools))) continue;
        told = true;
        any_fit = any_fit || peer.is_fit();
        if (!takes(id, message)) {
            if (message.sticky.empty() || message.spreads || !peer.is_fit()) continue;
        }
        const std::tuple burden{!peer.is_fit(), message.sticky.empty() ? calls_.outstanding_at(id) : 0U};
        if (burden > least) continue;
        if (burden < least) choices_.clear();
        least = burden;
        choices_.push_back(id);
    }
    if (!told) return cannot_be_told();
    if (choices_.empty()) return does_not_keep_up();
    if (!any_fit && returning_for(message)) return no_route(message); // better to wait for the next one
    if (!message.sticky.empty()) return choose_by_key(message);
    return choices_.size() == 1 ? choices_.front() : choices_[random_() % choices_.size()];
}

/// The callee with the highest hash of key and callee (Thaler and Ravishankar, 1998): when one comes or goes, only the
/// keys that it gets or had are moved.
Router::Choice Router::choose_by_key(const Message& message)
{
    const auto weight = [&](PeerId id) {
        const Peer& peer = connections_[id];
        // By instance where there is one, so that a restart moves no key.
        std::string key{message.sticky};
        key += '\0';
        if (const auto name = peer.instance_name())
            key.append(name->process).append("#").append(std::to_string(name->instance));
        else
            key += peer.name;
        return std::hash<std::string>{}(key);
    };
    const PeerId chosen = *std::ranges::max_element(choices_, {}, weight);
    if (!takes(chosen, message))
        return Failure{CallEnd::busy, "the callee of this key does not keep up with what it is sent"};
    return chosen;
}

bool Router::takes(PeerId id, const Message& message) const
{
    return connections_.takes_request(id, message.payload.size(), message.now) &&
           connections_.takes_fds(id, message.fds.size());
}

void Router::to_all(Message& message)
{
    if (message.target->found.empty()) return refuse(message, no_route(message));
    std::optional<CallId> call;
    if (message.wants_answer) call = open_call(message, Gathering::all_answers);
    give_all(message, message.target->found, call);
    if (call && calls_[*call].legs == 0) finish_batch(*call, CallEnd::busy, message.now);
}

void Router::give_all(const Message& message, const std::vector<Found>& to, std::optional<CallId> call)
{
    Forms forms;
    for (const Found& one : to) {
        if (!takes(one.peer, message)) {
            skip(call, one.peer, does_not_keep_up(), message.now);
            continue;
        }
        if (!prepare(message, one.peer, forms)) {
            skip(call, one.peer, cannot_be_told(), message.now);
            continue;
        }
        std::uint32_t packet = 0;
        if (call) {
            const LegId leg = calls_.add_leg(*call, one.peer);
            packet = calls_[leg].packet;
            ++calls_[*call].asked;
            charge(calls_[*call], CallTable::leg_bytes);
        } else {
            packet = calls_.next_packet(one.peer);
        }
        share(message, to.size(), forms);
        give(message, one.peer, packet, forms);
        tap_request(message, one.peer, call);
    }
}

/// One of many that is not given the message.
void Router::skip(std::optional<CallId> call, PeerId callee, const Failure& failure, TimePoint now)
{
    if (!call) return connections_.drop(callee, drop_of(failure.end));
    ++calls_[*call].asked;
    gather_failure(*call, callee, failure, now);
}

CallId Router::open_call(const Message& message, Gathering gathering)
{
    if (message.resumed) {
        calls_.take_back(*message.resumed);
        return *message.resumed;
    }
    Call call;
    call.caller = message.from;
    call.packet = message.packet;
    call.gathering = gathering;
    call.started = message.now;
    call.charged = CallTable::call_bytes;
    call.deadline = gathering == Gathering::all_answers ? batch_deadline(message) : message.deadline;
    call.timeout = std::chrono::duration_cast<Millis>(message.deadline - message.now);
    call.parts = gathering == Gathering::one_answer ? message.parts : 0;
    // A place in shared memory is its owner's again as soon as its first callee has gone: it is not given twice.
    const bool may_be_repeated = message.idempotent && message.fds.empty() && !message.is_pooled();
    if (gathering == Gathering::one_answer && may_be_repeated) {
        call.frame = message.body;
        call.frame_flags = message.flags;
        call.charged += call.frame.size();
    }
    if (gathering == Gathering::all_answers && message.legacy()) begin_batch(message, call);
    connections_.hold(message.from, call.charged);
    const TimePoint deadline = call.deadline;
    const CallId id = calls_.open(std::move(call));
    call_deadlines_.arm(static_cast<Deadlines::Key>(id), deadline);
    return id;
}

void Router::begin_batch(const Message& message, Call& call) const
{
    const std::string_view host = message.legacy()->host;
    if (host.size() <= limits_.selector_bytes_max) call.remote = host; // each entry repeats it
    call.batch = R"({"success":true)";
    if (!call.remote.empty()) call.batch.append(R"(,"remote":)").append(call.remote);
    call.batch += R"(,"batchReply":[)";
    call.charged += call.batch.size() + call.remote.size();
}

/// Makes the form in which `to` is told the message; false: there is none.
bool Router::prepare(const Message& message, PeerId to, Forms& forms)
{
    const Peer& peer = connections_[to];
    if (peer.native) {
        if (message.is_pooled()) return lend(message, to);
        if (message.native() || forms.native) return true;
        if (!wire::is_text(message.method)) return false; // half a pair of surrogates, which only JSON can say
        const bool names_an_object = message.target && message.remote.starts_with('{');
        const NameNumber selector =
            names_an_object ? number_for(wire::NameKind::selector, message.remote, message.target->number) : 0;
        const NameNumber method = message.act == wire::Act::raw || message.method.empty()
                                      ? 0
                                      : number_for(wire::NameKind::name, message.method, 0);
        forms.native = native_tail(message, selector, method);
        return forms.native.has_value();
    }
    if (message.legacy() || forms.legacy) return true;
    if (!has_legacy_form(message)) return false;
    forms.legacy = legacy_data(message, connections_[message.from].host);
    return true;
}

/// A number for a text of a legacy client's, as long as there are many left; 0: none.
NameNumber Router::number_for(wire::NameKind kind, std::string_view text, NameNumber known)
{
    if (known != 0) return known;
    const NameNumber found = names_.find(kind, text);
    if (found != 0 || !names_.has_room_to_spare()) return found;
    if (kind == wire::NameKind::name && text.size() > limits_.name_bytes_max) return 0;
    return names_.number(kind, text).value_or(0);
}

/// Keeps one copy of a long body for all who get it in the sender's dialect.
void Router::share(const Message& message, std::size_t receivers, Forms& forms) const
{
    const std::string_view own = message.legacy() ? message.legacy()->data : message.native()->after_block;
    if (!forms.shared && receivers > 1 && own.size() >= shared_bytes_min)
        forms.shared = std::make_shared<const std::string>(own);
}

/// Sends it. What it is counted and charged for is the caller's to see to.
void Router::give(const Message& message, PeerId to, std::uint32_t packet, const Forms& forms)
{
    if (!connections_[to].native) return give_legacy(message, to, packet, forms);
    connections_.introduce_source(to, message.from, message.now);
    if (message.native()) return give_native(message, to, packet, forms);
    const NativeTail& tail = *forms.native;
    wire::RoutingBlock block = tail.block;
    block.src = connections_[message.from].handle;
    block.deadline = nanoseconds(message.deadline);
    connections_.spend(to, wire::block_bytes_min + tail.tlvs.size() + tail.payload.size());
    connections_.introduce_name(to, block.dst, message.now);
    connections_.introduce_name(to, block.method, message.now);
    connections_.send(to,
                      NativeFrame{.flags = message.wants_answer ? wire::flag::request : wire::flag::oneway,
                                  .id = packet,
                                  .block = block,
                                  .tail = tail.tlvs,
                                  .tlv_bytes = tail.tlvs.size(),
                                  .payload = tail.payload},
                      message.now);
}

void Router::give_native(const Message& message, PeerId to, std::uint32_t packet, const Forms& forms)
{
    const wire::NativeBody& body = *message.native();
    wire::RoutingBlock block = body.block;
    block.src = connections_[message.from].handle;
    block.deadline = nanoseconds(message.deadline);
    connections_.spend(to, message.body.size());
    connections_.introduce_name(to, block.dst, message.now);
    connections_.introduce_name(to, block.method, message.now);
    connections_.send(to,
                      NativeFrame{.flags = message.flags,
                                  .id = packet,
                                  .block = block,
                                  .tail = body.after_block,
                                  .tlv_bytes = wire::head_bytes(body) - wire::block_bytes_min,
                                  .fds = message.fds,
                                  .shared = forms.shared},
                      message.now);
}

void Router::give_legacy(const Message& message, PeerId to, std::uint32_t packet, const Forms& forms)
{
    const Peer& peer = connections_[to];
    const std::string_view source =
        peer.wants_source ? std::string_view{connections_[message.from].source} : std::string_view{};
    const bool as_it_came = message.legacy() != nullptr;
    const std::string_view data = !as_it_came    ? std::string_view{*forms.legacy}
                                  : forms.shared ? std::string_view{*forms.shared}
                                                 : message.legacy()->data;
    const wire::BodyPieces body = wire::message_down(source, data);
    connections_.send(to,
                      OutFrame{.id = packet, .pieces = body.pieces(), .shared = as_it_came ? forms.shared : nullptr},
                      message.now);
}

} // namespace pandora::hub::core
