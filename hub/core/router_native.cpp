// A native client's frames: messages and answers as the router sees them, and the control frames.
#include "hub/core/router.hpp"
#include "hub/core/translation.hpp"

#include <algorithm>
#include <utility>

namespace pandora::hub::core {

namespace {

using wire::ControlVerb;

TimePoint time_of(std::uint64_t nanoseconds)
{
    // Above what a clock of 64 signed bits shows, which would be in 292 years.
    const auto bounded = std::min<std::uint64_t>(nanoseconds, INT64_MAX);
    return TimePoint{std::chrono::nanoseconds{static_cast<std::int64_t>(bounded)}};
}

} // namespace

void Router::receive_native(PeerId id, const wire::Frame& frame, std::span<const Fd> fds, TimePoint now)
{
    using namespace wire::flag;
    const std::uint8_t flags = frame.header.flags;
    const auto body = wire::parse_native(frame.body);
    const bool both = (flags & oneway) && (flags & request);
    if (!body || (flags & reserved) || both || wire::frame_fds(flags, frame.body) != fds.size())
        return connections_.doom(id, Disconnect::protocol_error);
    if (flags & control) return control_frame({id, frame.header.id, flags, *body, fds, now});
    const std::uint64_t lendings = pools_.lendings();
    receive_native(id, frame, *body, fds, now);
    // Who puts a payload into shared memory hears of each once that the place is free, also where nobody got it.
    if (const auto& place = body->tlvs.shared; place && pools_.lendings() == lendings)
        tell_released({id, place->pool, place->offset}, id, now);
}

/// A message, an event or an answer.
void Router::receive_native(PeerId id, const wire::Frame& frame, const wire::NativeBody& body, std::span<const Fd> fds,
                            TimePoint now)
{
    if (body.block.verb == static_cast<std::uint8_t>(wire::Verb::reply))
        return native_answer(id, frame.header, body, fds, now);
    Message message = read_native(id, frame, body, fds, now);
    switch (static_cast<wire::Verb>(body.block.verb)) {
    case wire::Verb::invoke:
    case wire::Verb::multi:
    case wire::Verb::shout: return route_native(message);
    case wire::Verb::event: return native_event(message);
    case wire::Verb::reply: return;
    }
    refuse(message, {CallEnd::unsupported, "unknown verb " + std::to_string(body.block.verb)});
}

TimePoint Router::deadline_of(std::uint64_t asked, TimePoint now) const
{
    if (asked == 0) return now + limits_.call_timeout;
    return std::min(time_of(asked), now + limits_.call_timeout_max);
}

Message Router::read_native(PeerId from, const wire::Frame& frame, const wire::NativeBody& body,
                            std::span<const Fd> fds, TimePoint now)
{
    const wire::RoutingBlock& block = body.block;
    Message message;
    message.from = from;
    message.packet = frame.header.id;
    message.now = now;
    message.form = &body;
    message.flags = frame.header.flags;
    message.body = frame.body;
    message.fds = fds;
    message.wants_answer = (frame.header.flags & wire::flag::request) != 0;
    message.to_all = block.verb == static_cast<std::uint8_t>(wire::Verb::multi);
    message.idempotent = (block.options & wire::option::idempotent) != 0;
    message.waits = (block.options & wire::option::wait) != 0;
    message.spreads = (block.options & wire::option::spread) != 0;
    message.deadline = deadline_of(block.deadline, now);
    message.sticky = body.tlvs.sticky;
    message.parts = wire::messages_of(block.credit);
    message.remote = names_.is(wire::NameKind::selector, block.dst) ? names_.text(block.dst) : body.tlvs.selector;
    message.act = static_cast<wire::Act>(block.act);
    message.method_number = names_.is(wire::NameKind::name, block.method) ? block.method : 0;
    message.method = message.method_number ? names_.text(block.method) : body.tlvs.name;
    message.payload = body.payload;
    return message;
}

/// What is wrong with it in itself; nullopt: nothing.
std::optional<Failure> Router::flaw_of(const Message& message) const
{
    const wire::NativeBody& body = *message.native();
    const wire::RoutingBlock& block = body.block;
    if (body.tlvs.malformed) return Failure{CallEnd::invalid, "a TLV of an impossible length"};
    if (body.tlvs.misunderstood) return Failure{CallEnd::unsupported, "a TLV that the hub does not understand"};
    if (block.options & ~wire::option::known) return Failure{CallEnd::unsupported, "an unknown option"};
    if (block.act >= wire::act_count) return Failure{CallEnd::unsupported, "unknown act " + std::to_string(block.act)};
    const bool unknown_dst = block.dst != 0 && !names_.is(wire::NameKind::selector, block.dst);
    if (unknown_dst || (block.method != 0 && message.method_number == 0))
        return Failure{CallEnd::invalid, "a number that the hub has not given"};
    if (!wire::is_text(message.method)) return Failure{CallEnd::invalid, "a name that is not UTF-8"};
    // What is for everybody needs no selector; legacy clients are shown what is there all the same.
    const bool for_everybody = block.verb == static_cast<std::uint8_t>(wire::Verb::shout) && message.remote.empty();
    if (block.dst == 0 && !for_everybody && !is_selector(message.remote))
        return Failure{CallEnd::invalid, "no valid selector"};
    return std::nullopt;
}

bool Router::is_selector(std::string_view text) const
{
    return !text.empty() && text.front() == '{' && text.size() <= limits_.selector_bytes_max && wire::is_json(text);
}

/// The text of the selector that it names; nullopt: none, or none that is valid.
std::optional<std::string_view> Router::selector_in(const wire::NativeBody& body) const
{
    const NameNumber dst = body.block.dst;
    if (dst != 0) return names_.is(wire::NameKind::selector, dst) ? std::optional{names_.text(dst)} : std::nullopt;
    return is_selector(body.tlvs.selector) ? std::optional{body.tlvs.selector} : std::nullopt;
}

const Target& Router::target_of(const Message& message)
{
    const std::uint32_t dst = message.native()->block.dst;
    return dst != 0 ? targets_.of_number(dst) : targets_.of_text(message.remote);
}

void Router::route_native(Message& message)
{
    if (shutting_down_) return refuse(message, {CallEnd::shutting_down, "the hub is shutting down"});
    if (const auto flaw = flaw_of(message)) return refuse(message, *flaw);
    if (message.deadline <= message.now) return refuse(message, {CallEnd::deadline, "its deadline has passed"});
    if (message.native()->block.verb == static_cast<std::uint8_t>(wire::Verb::shout)) return shout(message);
    if (message.is_pooled() && (message.to_all || !message.wants_answer))
        return refuse(message, {CallEnd::unsupported, "a payload in shared memory is for one callee, and is answered"});
    message.target = &target_of(message);
    route(message);
}

void Router::native_answer(PeerId from, const wire::FrameHeader& header, const wire::NativeBody& body,
                           std::span<const Fd> fds, TimePoint now)
{
    if (body.block.credit != 0) granted(from, body.block.credit, now);
    const auto leg = calls_.find(from, header.id);
    if (!leg) return unasked_answer(from, header.id);
    Answer answer;
    answer.from = from;
    answer.now = now;
    answer.form = &body;
    answer.flags = header.flags;
    answer.fds = fds;
    answer.end = end_of(static_cast<wire::Status>(body.block.status));
    answer.payload = body.payload;
    answered(*leg, answer);
}

void Router::control_frame(const ControlFrame& in)
{
    switch (static_cast<ControlVerb>(in.body.block.verb)) {
    case ControlVerb::intern: return intern(in);
    case ControlVerb::ping: return connections_.say(in.from, ControlVerb::pong, {.id = in.packet}, in.now);
    case ControlVerb::pong: return; // that it came is all that it says
    case ControlVerb::cancel: return cancel(in);
    case ControlVerb::credit: return credit(in);
    case ControlVerb::subscribe: return subscribe(in);
    case ControlVerb::unsubscribe: return unsubscribe(in);
    case ControlVerb::open_channel: return open_channel(in);
    case ControlVerb::report: return report(in);
    case ControlVerb::pool: return pool(in);
    case ControlVerb::release: return release_place(in);
    case ControlVerb::wait_for: return wait_for_asked(in);
    case ControlVerb::named:
    case ControlVerb::identity:
    case ControlVerb::overflow:
    case ControlVerb::goaway:
    case ControlVerb::channel: break; // the hub's to say
    }
    refuse_control(in, {CallEnd::unsupported, "unknown control verb " + std::to_string(in.body.block.verb)});
}

void Router::answer_control(const ControlFrame& in, wire::RoutingBlock block, std::string_view payload,
                            std::span<const Fd> fds)
{
    if (!(in.flags & wire::flag::request)) return;
    block.verb = in.body.block.verb;
    connections_.send(
        in.from,
        NativeFrame{.flags = wire::flag::control, .id = in.packet, .block = block, .tail = payload, .fds = fds},
        in.now);
}

void Router::refuse_control(const ControlFrame& in, const Failure& failure)
{
    if (!(in.flags & wire::flag::request)) return connections_.drop(in.from, drop_of(failure.end));
    answer_control(in, {.status = static_cast<std::uint8_t>(status_of(failure.end))}, error_json(failure), {});
}

void Router::say_ping(PeerId to, TimePoint now)
{
    connections_.say(to, ControlVerb::ping, {.id = calls_.next_packet(to)}, now);
}

void Router::say_goaway(PeerId to, TimePoint now)
{
    connections_.say(to, ControlVerb::goaway, {.id = calls_.next_packet(to)}, now);
}

void Router::intern(const ControlFrame& in)
{
    NativeSide& side = *connections_[in.from].native;
    const std::string_view text = in.body.payload;
    const bool selects = in.body.block.act == static_cast<std::uint8_t>(wire::NameKind::selector);
    const bool valid = selects ? is_selector(text)
                               : in.body.block.act == static_cast<std::uint8_t>(wire::NameKind::name) &&
                                     !text.empty() && text.size() <= limits_.name_bytes_max && wire::is_text(text);
    if (!valid) return refuse_control(in, {CallEnd::invalid, "neither a selector nor a name"});
    const auto kind = selects ? wire::NameKind::selector : wire::NameKind::name;
    NameNumber number = names_.find(kind, text);
    if (number == 0 && side.interned < limits_.names_of_client_max) {
        number = names_.number(kind, text).value_or(0);
        ++side.interned;
    }
    if (number == 0) return refuse_control(in, {CallEnd::busy, "no more numbers"});
    connections_.learn_name(in.from, number);
    answer_control(in, {.dst = number, .act = in.body.block.act}, {}, {});
}

void Router::cancel(const ControlFrame& in)
{
    if (const auto call = calls_.call_of(in.from, in.packet)) close_call(*call, CallEnd::canceled, in.now);
    stop_waiting(in.from, in.packet);
}

void Router::credit(const ControlFrame& in)
{
    if (in.packet == 0) return granted(in.from, in.body.block.credit, in.now);
    const auto id = calls_.call_of(in.from, in.packet);
    if (!id) return;
    Call& call = calls_[*id];
    const std::uint32_t more = wire::messages_of(in.body.block.credit);
    if (call.gathering != Gathering::one_answer) return;
    call.parts = std::min<std::uint32_t>(call.parts + more, INT32_MAX);
    if (const auto leg = calls_.any_leg_in(*id)) grant_parts(*leg, more, in.now); // else to_one() will
}

/// Tells the callee how many more answers its caller takes.
void Router::grant_parts(LegId leg, std::uint32_t more, TimePoint now)
{
    const PeerId callee = calls_[leg].callee;
    if (!connections_[callee].native) return;
    const std::uint32_t credit = wire::credit_of(0, static_cast<std::uint16_t>(more));
    connections_.say(callee, ControlVerb::credit, {.id = calls_[leg].packet, .block = {.credit = credit}}, now);
}

/// It takes so much more from now on.
void Router::granted(PeerId id, std::uint32_t credit, TimePoint now)
{
    connections_.grant(id, credit);
    if (topics_.has_backlog(id)) send_backlog(id, now);
    look_for_room(id, now);
}

} // namespace pandora::hub::core
