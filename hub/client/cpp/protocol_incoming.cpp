// What the hub sends: answers to our requests, and calls to what is published here.
#include "hub/client/cpp/envelope.hpp"
#include "hub/client/cpp/protocol.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace pandora::hub::client {

namespace {

const CallError misunderstood{"PandoraUnsupportedError", "this client does not know what it is asked for"};
const CallError too_many_calls{"busy", "too many calls wait for their answers here"};

bool is_no_route(const Outcome& outcome)
{
    const auto* error = std::get_if<CallError>(&outcome);
    return error && (error->name == "no_route" || error->name == "PandoraNoRouteError");
}

bool is_timeout(const Outcome& outcome)
{
    const auto* error = std::get_if<CallError>(&outcome);
    return error && error->name == "MessengerRequestTimeoutError";
}

bool contains(const std::vector<std::string>& names, const std::string& name)
{
    return std::ranges::find(names, name) != names.end();
}

CallError no_method(const Asked& asked)
{
    Json description = Json::object();
    description["name"] = asked.object;
    if (!asked.tag.empty()) description["tag"] = asked.tag;
    return {"Error", "Cannot found method called " + asked.name + " within object " +
                         std::string{content_of(description).text()}};
}

} // namespace

std::optional<Violation> Protocol::received(std::size_t bytes, TimePoint now, std::vector<OwnedFd> descriptors)
{
    assert(phase_ != Phase::offline && phase_ != Phase::ended);
    std::ranges::move(descriptors, std::back_inserter(descriptors_));
    decoder_.commit(bytes);
    while (!violation_) {
        const wire::Decoded decoded = decoder_.next();
        if (std::holds_alternative<wire::NeedMore>(decoded)) break;
        if (const auto* frame = std::get_if<wire::Frame>(&decoded)) {
            on_frame(*frame, now);
        } else {
            const auto announced = std::get<wire::Oversized>(decoded).header.body_bytes;
            violation_ = Violation{"the peer announced a frame of " + std::to_string(announced) + " bytes"};
        }
    }
    // What is left belongs to the one frame that is not whole yet.
    if (descriptors_.size() > wire::fds_max) violation_ = Violation{"the peer sent descriptors that no frame names"};
    return violation_;
}

void Protocol::on_frame(const wire::Frame& frame, TimePoint now)
{
    const bool native = native_ && (frame.header.flags & wire::flag::native);
    if (direct_ && !native) return on(Broken{"the peer of a direct channel sent a frame that is not native"}, now);
    auto descriptors = take_descriptors(native ? wire::frame_fds(frame.header.flags, frame.body) : 0);
    if (!descriptors) return on(Broken{"the peer sent a frame without its descriptors"}, now);
    Received received = native ? native_->read(frame.header, frame.body, std::move(*descriptors))
                               : legacy_.read(frame.header.id, frame.body, now);
    std::visit([&](auto& what) { on(what, now); }, received);
    return_credit();
}

/// nullopt: so many have not come.
std::optional<std::vector<OwnedFd>> Protocol::take_descriptors(std::size_t count)
{
    if (descriptors_.size() < count) return std::nullopt;
    std::vector<OwnedFd> taken;
    for (; count > 0; --count) {
        taken.push_back(std::move(descriptors_.front()));
        descriptors_.pop_front();
    }
    return taken;
}

// ---- answers

void Protocol::on(JsonAnswered& answered, TimePoint now)
{
    const auto id = requests_.of_packet(answered.packet);
    if (!id) return; // answered already, or too late
    Request& request = *requests_.find(*id);
    if (std::holds_alternative<ForOnline>(request.purpose) && offer_ && !native_) {
        if (const auto grant = granted(answered.package, now)) {
            native_.emplace(*grant, limits_.nesting_max, grant->pools ? pooling() : std::nullopt);
            credit_ = CreditReturn{offer_->window};
        }
    }
    if (std::holds_alternative<ForGatherer>(request.purpose) && envelope::member(answered.package, "batchReply"))
        return gather(*id, answered.package, now);
    Outcome outcome = envelope::read_outcome(std::move(answered.package));
    if (std::holds_alternative<ForPresence>(request.purpose) && is_no_route(outcome)) {
        requests_.take_back(*id);
        presences_again_.emplace(now + limits_.ask_again_after, *id);
        return;
    }
    settle(*id, std::move(outcome), now);
}

/// The legacy dialect gives all answers at once; whoever did not answer in time has an entry that says so.
void Protocol::gather(RequestId id, const Json& package, TimePoint now)
{
    const Json& replies = *envelope::member(package, "batchReply");
    std::uint32_t asked = 0, answered = 0;
    for (const Json& reply : replies) {
        Outcome outcome = envelope::read_outcome(reply);
        ++asked;
        if (is_timeout(outcome)) continue;
        ++answered;
        partial(id, Json::object(), std::move(outcome));
    }
    settle(id, Json{{"asked", asked}, {"answered", answered}}, now);
}

void Protocol::on(NativeAnswered& answered, TimePoint now)
{
    const auto id = requests_.of_packet(answered.packet);
    if (!id) return; // answered already, or too late
    Request& request = *requests_.find(*id);
    auto pooled = take_remembered(*id);
    if (pooled && answered.status == wire::Status::unsupported) return send_again(*id, std::move(*pooled), now);
    if (const auto* number = std::get_if<ForNumber>(&request.purpose);
        number && answered.status == wire::Status::ok && answered.number != 0) {
        native_->numbered(number->wish, answered.number);
        close(*id);
        return flush_waiting(now);
    }
    if (std::holds_alternative<ForChannel>(request.purpose) && answered.channel != 0) {
        close(*id);
        events_.emplace_back(
            ChannelOpened{*id, answered.channel, native_->identity(answered.src), std::move(answered.socket)});
        return;
    }
    if (!answered.more) return settle(*id, std::move(answered.outcome), now);
    const bool gathers = std::holds_alternative<ForGatherer>(request.purpose);
    Json who = gathers ? native_->identity(answered.src) : Json::object();
    partial(*id, std::move(who), std::move(answered.outcome));
}

/// To a receiver that could not read it in its pool.
void Protocol::send_again(RequestId id, Pooled what, TimePoint now)
{
    native_->avoid_pools(what.message.to, what.pool);
    what.message.in_frame = true;
    requests_.take_back(id);
    deliver(id, std::move(what.message), now);
}

void Protocol::partial(RequestId id, Json who, Outcome outcome)
{
    const bool takes_bytes = client::takes_bytes(requests_.find(id)->purpose);
    events_.emplace_back(Partial{id, std::move(who), as_taken(std::move(outcome), takes_bytes)});
}

void Protocol::part_taken(RequestId id)
{
    Request* const request = requests_.find(id);
    auto* const caller = request ? std::get_if<ForCaller>(&request->purpose) : nullptr;
    if (!caller || !native_ || request->packet == 0) return;
    ++caller->untold;
    if (caller->untold * 2 < caller->window) return; // half of them at once: the callee still has the other half
    outbox_.push(request->packet, native_->credit(wire::credit_of(0, std::exchange(caller->untold, std::uint16_t{0}))));
}

/// Ends what waits for the frame, on whichever side: it must not cost more than the call it belongs to.
void Protocol::on(const Unreadable& frame, TimePoint now)
{
    done_with(frame.bytes);
    if (frame.asks) refuse(*frame.asks, unreadable_error());
    const auto id = frame.answers ? requests_.of_packet(*frame.answers) : std::nullopt;
    if (id) settle(*id, unreadable_error(), now);
}

void Protocol::on(const Misunderstood& frame, TimePoint)
{
    done_with(frame.bytes);
    if (!frame.asks) return;
    if (native_)
        push_answer(*frame.asks, native_->unsupported(misunderstood, take_credit()));
    else
        refuse(*frame.asks, misunderstood);
}

// ---- calls of others

AnswerId Protocol::answer_id(std::uint32_t packet) const { return AnswerId{std::uint64_t{connection_} << 32 | packet}; }

/// nullopt: it is refused already.
std::optional<AnswerId> Protocol::owe(Asked& asked)
{
    constexpr std::uint64_t one_way = std::uint64_t{1} << 63;
    const AnswerId id = asked.wants_answer ? answer_id(asked.packet) : AnswerId{one_way | ++last_one_way_};
    if (!asked.wants_answer && !credit_.bounded()) return id; // nobody waits to hear that it is done
    if (asked.wants_answer && owed_.size() >= limits_.calls_handled_max) {
        done_with(asked.bytes);
        refuse(asked.packet, too_many_calls);
        return std::nullopt;
    }
    const Owed owed{.packet = asked.packet,
                    .wants_answer = asked.wants_answer,
                    .pooled = asked.pooled,
                    .parts = asked.parts,
                    .bytes = asked.bytes,
                    .caller = std::move(asked.caller)};
    return owed_.emplace(id, owed).second ? std::optional{id} : std::nullopt;
}

void Protocol::on(Asked& asked, TimePoint)
{
    const auto id = owe(asked);
    if (!id) return;
    if (asked.act == wire::Act::raw) return on_raw(*id, asked);
    if (asked.act == wire::Act::call) return on_invoke(*id, asked);
    const auto published = objects_.find(asked.object);
    if (published == objects_.end())
        return answer(*id, CallError{"Error", "Cannot found object called " + asked.object});
    if (asked.act == wire::Act::introspect)
        events_.emplace_back(IntrospectionAsked{*id, std::move(asked.object)});
    else if (asked.act == wire::Act::get_property && contains(published->second.properties, asked.name))
        events_.emplace_back(PropertyAsked{*id, std::move(asked.object), std::move(asked.name)});
    else // as JavaScript has it for a property that is not there. SUBSCRIBE and UNSUBSCRIBE need nothing done, for the
         // hub knows who hears of what
        answer(*id, Outcome::absent());
}

void Protocol::on_raw(AnswerId id, Asked& asked)
{
    if (envelope::string_member(asked.raw, "action") == envelope::echo) {
        Json echoed = Json::object();
        echoed["echo"] = std::move(asked.raw);
        return answer(id, Outcome{std::move(echoed)});
    }
    if (!objects_.contains(asked.object))
        return answer(id, CallError{"Error", "Cannot found object called " + asked.object});
    answer(id, Outcome::absent()); // an action that we do not know is no error to npm clients either
}

void Protocol::on_invoke(AnswerId id, Asked& asked)
{
    Json& params = asked.call.params;
    if (params.is_null() && !asked.call.bytes) params = Json::array();
    if (asked.object.ends_with(envelope::subscriber_suffix) && asked.name == envelope::subscriber_method)
        return on_subscriber_called(id, asked.object, std::move(params));
    const auto published = objects_.find(asked.object);
    if (published == objects_.end() || !contains(published->second.methods, asked.name))
        return answer(id, no_method(asked));
    if (!params.is_array() && !asked.call.bytes)
        return answer(id, CallError{"TypeError", "the parameters of a call have to be an array"});
    events_.emplace_back(Invoked{id, std::move(asked.object), std::move(asked.name), std::move(asked.call)});
}

/// How an event comes in the legacy dialect.
void Protocol::on_subscriber_called(AnswerId id, const std::string& object, Json params)
{
    const auto name = object.substr(0, object.size() - envelope::subscriber_suffix.size());
    const bool well_formed = params.is_array() && params.size() == 2 && params[0].is_string() && params[1].is_array();
    if (!well_formed) return answer(id, CallError{"TypeError", "an event has to be [name, [parameters]]"});
    Topic topic{name, params[0].get<std::string>()};
    // Events of an object come to all its subscribers, whatever they subscribed to.
    if (!is_subscribed(topic)) return answer(id, Outcome::absent());
    events_.emplace_back(Notified{id, std::move(topic), std::move(params[1])});
}

bool Protocol::is_subscribed(const Topic& topic) const
{
    for (auto known = topics_.lower_bound(Topic{topic.object, {}});
         known != topics_.end() && known->first.object == topic.object; ++known) {
        if (matches(known->first.event, topic.event)) return true;
    }
    return false;
}

void Protocol::on(const CancelAsked& asked, TimePoint)
{
    const auto owed = owed_.find(answer_id(asked.packet));
    if (owed == owed_.end() || std::exchange(owed->second.canceled, true)) return;
    events_.emplace_back(Canceled{owed->first});
}

void Protocol::on(const PartsGranted& granted, TimePoint)
{
    const auto owed = owed_.find(answer_id(granted.packet));
    if (owed == owed_.end() || granted.parts == 0) return;
    owed->second.parts += granted.parts;
    if (held_.erase(owed->first) > 0) events_.emplace_back(PartsWanted{owed->first});
}

// ---- answering

OutFrame Protocol::answer_frame(const Owed& owed, const Outcome& outcome, std::uint32_t credit)
{
    if (native_) return native_->answer(outcome, credit, owed.pooled);
    return legacy_.answer(owed.packet, owed.caller, outcome);
}

/// In the native dialect an answer has the id of its request; in the legacy one it says so itself.
void Protocol::push_answer(std::uint32_t packet, OutFrame frame)
{
    if (native_)
        enqueue(packet, std::move(frame));
    else
        push(std::move(frame));
}

/// Without the caller's labels, which may be what made an answer too long: a refusal always fits.
void Protocol::refuse(std::uint32_t packet, const CallError& error)
{
    push_answer(packet, answer_frame(Owed{.packet = packet}, error, take_credit()));
}

/// What goes with an answer.
std::uint32_t Protocol::take_credit() { return native_ ? credit_.take() : 0; }

void Protocol::answer(AnswerId id, const Outcome& outcome)
{
    auto node = owed_.extract(id);
    if (node.empty()) return;
    held_.erase(id);
    const Owed& owed = node.mapped();
    done_with(owed.bytes);
    if (owed.wants_answer && !owed.canceled) {
        const std::uint32_t credit = take_credit();
        OutFrame frame = answer_frame(owed, outcome, credit);
        if (const auto refusal = refusal_of(frame)) {
            if (native_) native_->forget(frame.place);
            frame = answer_frame(Owed{.packet = owed.packet}, *refusal, credit);
        }
        push_answer(owed.packet, std::move(frame));
    }
    return_credit();
    leave_if_done();
}

bool Protocol::part(AnswerId id, const Payload& what)
{
    const auto found = owed_.find(id);
    if (found == owed_.end() || !native_ || found->second.canceled) return false;
    Owed& owed = found->second;
    if (owed.parts == 0) {
        held_.insert(id);
        return false;
    }
    OutFrame frame = native_->part(content_of(what), owed.pooled);
    if (const auto refusal = refusal_of(frame)) {
        native_->forget(frame.place);
        if (is_too_large(frame)) {
            answer(id, *refusal);
            events_.emplace_back(Canceled{id});
        } else {
            held_.insert(id);
        }
        return false;
    }
    --owed.parts;
    enqueue(owed.packet, std::move(frame));
    return true;
}

// ---- events and the rest

void Protocol::on(Happened& happened, TimePoint)
{
    if (!is_subscribed(happened.topic)) return done_with(happened.bytes);
    Asked one_way{.call = {.params = nullptr, .source = nullptr, .cancellation = nullptr}, .bytes = happened.bytes};
    events_.emplace_back(Notified{*owe(one_way), std::move(happened.topic), std::move(happened.params)});
}

void Protocol::on(EventsLost& lost, TimePoint)
{
    if (topics_.contains(lost.topic)) events_.emplace_back(Overflowed{std::move(lost.topic), lost.count});
}

void Protocol::on(const Pinged& pinged, TimePoint) { outbox_.push(pinged.packet, native_->pong()); }

void Protocol::on(ChannelGiven& given, TimePoint)
{
    if (!direct_)
        events_.emplace_back(ChannelOffered{given.number, native_->identity(given.src), std::move(given.socket)});
}

void Protocol::on(const ChannelGone& gone, TimePoint) { events_.emplace_back(ChannelEnded{gone.number}); }

void Protocol::on(const GoAwayAsked&, TimePoint) { events_.emplace_back(GoingAway{}); }

void Protocol::on(const AnnounceAsked&, TimePoint now)
{
    if (phase_ == Phase::online) announce(now);
}

void Protocol::on(const Broken& broken, TimePoint) { violation_ = Violation{broken.what}; }

/// A message of the hub costs nothing any more. Answers and JSON frames, which have no `bytes`, never did.
void Protocol::done_with(std::size_t bytes)
{
    if (bytes > 0) credit_.done(bytes);
}

/// With id 0, which is no request's: it is for the window.
void Protocol::return_credit()
{
    if (native_ && credit_.due()) outbox_.push(0, native_->credit(credit_.take()));
}

} // namespace pandora::hub::client
