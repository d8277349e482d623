// What this client announces, asks and tells.
#include "hub/client/cpp/envelope.hpp"
#include "hub/client/cpp/protocol.hpp"
#include "hub/wire/limits.hpp"

#include <algorithm>

namespace pandora::hub::client {

namespace {

// What a frame has besides the texts of its message, for the bound of what waits: its envelope, or its routing block.
constexpr std::size_t envelope_bytes = 256;

const CallError too_much_waits{"busy", "too many bytes wait for the hub to take them"};
const CallError no_place{"busy", "no room in shared memory until others are done with what is there"};

std::size_t cost_of(const Message& message)
{
    return wire::header_bytes + envelope_bytes + message.name.size() + message.content.text().size();
}

CallError too_large(std::size_t bytes)
{
    return {"too_large", "a frame of " + std::to_string(bytes) + " bytes is over the limit"};
}

Message message_of(Invocation what)
{
    Message message{.act = what.act, .to = std::move(what.to), .name = std::move(what.name)};
    if (what.act == wire::Act::call) message.content = content_of(what.params);
    if (what.options.idempotent) message.options |= wire::option::idempotent;
    if (what.options.wait) message.options |= wire::option::wait;
    if (what.options.spread) message.options |= wire::option::spread;
    message.sticky = std::move(what.options.sticky);
    message.trace = what.options.trace;
    message.parts = what.parts;
    return message;
}

/// Until the earlier of the two ends that the options say; `otherwise` where they say none.
Millis time_of(const CallOptions& options, Millis otherwise, TimePoint now)
{
    if (!options.deadline) return options.timeout.value_or(otherwise);
    const auto left = std::chrono::ceil<Millis>(*options.deadline - now);
    return options.timeout ? std::min(*options.timeout, left) : left;
}

} // namespace

// ---- frames

std::uint32_t Protocol::push(OutFrame frame)
{
    do last_packet_ = wire::next_packet_id(last_packet_);
    while (requests_.awaits(last_packet_));    // after a wrap, an old request may still wait under its id
    const std::uint32_t packet = last_packet_; // a pool that is told before takes one, too
    enqueue(packet, std::move(frame));
    return packet;
}

/// A new pool is told before the first frame that has a place in it.
void Protocol::enqueue(std::uint32_t packet, OutFrame frame)
{
    if (frame.place) {
        for (auto& pool : native_->announce_pools()) push(std::move(pool));
    }
    outbox_.push(packet, std::move(frame));
}

std::vector<Chunk> Protocol::take_output()
{
    if (native_) {
        for (auto& release : native_->return_places()) push(std::move(release));
    }
    return outbox_.take();
}

std::optional<Pooling> Protocol::pooling() const
{
    if (!offer_ || !offer_->pools) return std::nullopt;
    return Pooling{offer_->pools, offer_->pooled_from, wake_};
}

std::size_t Protocol::frame_bytes_max() const
{
    const std::uint32_t granted = native_ ? native_->grant().body_bytes_max : 0;
    return granted == 0 ? limits_.frame_bytes_max : std::min(granted, limits_.frame_bytes_max);
}

void Protocol::deliver(RequestId id, Message message, TimePoint now)
{
    if (phase_ == Phase::ended) return settle(id, lost(), now);
    const std::size_t bytes = message.content.text().size();
    const bool by_pool = may_be_pooled(message);
    if (carries_messages() && by_pool) return transmit(id, std::move(message), now);
    if (bytes > frame_bytes_max() && !by_pool) return settle(id, too_large(bytes), now);
    if (outbox_.bytes() + waiting_bytes_ + cost_of(message) > limits_.queue_bytes_max)
        return settle(id, too_much_waits, now);
    if (carries_messages())
        transmit(id, std::move(message), now);
    else
        keep(id, std::move(message));
}

/// By this connection or, before there is one, perhaps by the next.
bool Protocol::may_be_pooled(const Message& message) const
{
    if (native_) return native_->pools(message);
    return !carries_messages() && offer_ && offer_->pools && NativeDialect::is_poolable(message, offer_->pooled_from);
}

void Protocol::keep(RequestId id, Message message)
{
    const std::size_t bytes = cost_of(message);
    waiting_bytes_ += bytes;
    waiting_.emplace(id, Waiting{std::move(message), bytes});
}

void Protocol::transmit(RequestId id, Message message, TimePoint now)
{
    const bool always_in_frame = message.in_frame;
    if (is_safer_in_frame(message)) message.in_frame = true;
    Encoded encoded = encode(message, requests_.find(id), now);
    if (const auto* error = std::get_if<CallError>(&encoded)) return settle(id, *error, now);
    if (auto* frame = std::get_if<OutFrame>(&encoded)) {
        if (const auto error = refusal_of(*frame)) {
            if (native_) native_->forget(frame->place);
            return settle(id, *error, now);
        }
        const auto place = frame->place;
        requests_.sent(id, push(std::move(*frame)));
        if (place) remember(id, {std::move(message), place->pool});
    } else if (waiting_bytes_ + cost_of(message) > limits_.queue_bytes_max) {
        return settle(id, too_much_waits, now);
    } else {
        message.in_frame = always_in_frame; // there may be room to remember it when it has its number
        keep(id, std::move(message));
    }
    ask_for_numbers(now);
}

/// For a frame, and for any pool.
bool Protocol::is_too_large(const OutFrame& frame) const
{
    return frame.body_bytes() > frame_bytes_max() && !frame.lacks_place;
}

std::optional<CallError> Protocol::refusal_of(const OutFrame& frame) const
{
    if (is_too_large(frame)) return too_large(frame.body_bytes());
    if (frame.body_bytes() > frame_bytes_max()) return no_place;
    if (outbox_.bytes() + frame.body_bytes() > limits_.queue_bytes_max) return too_much_waits;
    return std::nullopt;
}

/// What can go in a frame; and all that are remembered are no more than what may wait anyway.
bool Protocol::may_be_remembered(const Message& message) const
{
    const std::size_t bytes = message.content.text().size();
    return bytes <= frame_bytes_max() && pooled_bytes_ + bytes <= limits_.queue_bytes_max;
}

/// What could not be sent again, but is sure to be taken in a frame, whatever the length of its routing block.
bool Protocol::is_safer_in_frame(const Message& message) const
{
    const std::size_t bytes = wire::block_bytes_max + message.content.text().size();
    return !may_be_remembered(message) && bytes <= frame_bytes_max() &&
           outbox_.bytes() + bytes <= limits_.queue_bytes_max;
}

/// In case its receiver cannot read it there.
void Protocol::remember(RequestId id, Pooled what)
{
    if (!may_be_remembered(what.message)) return;
    pooled_bytes_ += what.message.content.text().size();
    pooled_.emplace(id, std::move(what));
}

std::optional<Protocol::Pooled> Protocol::take_remembered(RequestId id)
{
    auto node = pooled_.extract(id);
    if (node.empty()) return std::nullopt;
    pooled_bytes_ -= node.mapped().message.content.text().size();
    return std::move(node.mapped());
}

Encoded Protocol::encode(Message& message, const Request* request, TimePoint now)
{
    if (native_) {
        if (message.aim == Message::Aim::presence) return native_->wait_for(message.to, request->deadline);
        if (message.aim == Message::Aim::channel) return native_->open_channel(message);
        return native_->encode(message, request ? std::optional{request->deadline} : std::nullopt);
    }
    if (!request) return legacy_.encode(message, std::nullopt);
    const auto left = std::chrono::duration_cast<Millis>(request->deadline - now);
    return legacy_.encode(message, std::max(left, Millis{1}));
}

void Protocol::ask_for_numbers(TimePoint now)
{
    if (!native_) return;
    for (auto& wish : native_->take_wishes()) {
        OutFrame question = native_->intern(wish);
        const RequestId id = open(limits_.hub_answer_max, ForNumber{std::move(wish)}, now);
        requests_.sent(id, push(std::move(question)));
    }
}

void Protocol::ask_hub(std::string_view action, Json data, Purpose purpose, TimePoint now)
{
    const RequestId id = open(limits_.hub_answer_max, std::move(purpose), now);
    requests_.sent(id, push({.body = envelope::text(action, data)}));
}

// ---- publications and subscriptions

Json Protocol::publication_of(const std::string& object) const
{
    Json selector = legacy_.host();
    selector["objectName"] = object;
    Json data = Json::object();
    data["data"]["selector"] = std::move(selector);
    envelope::finish(data, legacy_.host());
    return data;
}

void Protocol::request_publish(const std::string& object, TimePoint now)
{
    ++publishes_pending_;
    ask_hub(envelope::publish_up, publication_of(object), ForPublish{object}, now);
}

void Protocol::request_unpublish(const std::string& object, TimePoint now)
{
    ask_hub(envelope::unpublish_up, publication_of(object), ForUnpublish{}, now);
}

void Protocol::publish(const std::string& object, Interface what, TimePoint now)
{
    const bool added = objects_.insert_or_assign(object, std::move(what)).second;
    if (added && carries_publishes()) request_publish(object, now);
}

void Protocol::unpublish(const std::string& object, TimePoint now)
{
    if (objects_.erase(object) > 0 && carries_publishes()) request_unpublish(object, now);
}

bool Protocol::subscribes_to(const std::string& object) const
{
    const auto first = topics_.lower_bound(Topic{object, {}});
    return first != topics_.end() && first->first.object == object;
}

void Protocol::request_subscribe(const Topic& topic, TimePoint now)
{
    const Subscription& subscription = topics_.at(topic);
    const Message question{.act = wire::Act::subscribe, .wants_answer = true, .to = topic.object, .name = topic.event};
    Encoded encoded = native_ ? native_->subscribe(topic, subscription.overflow, subscription.queue)
                              : legacy_.encode(question, std::nullopt);
    if (auto* frame = std::get_if<OutFrame>(&encoded)) {
        const RequestId id = open(limits_.hub_answer_max, ForSubscribe{topic}, now);
        requests_.sent(id, push(std::move(*frame)));
    } else {
        topics_again_.emplace(now + limits_.ask_again_after, topic); // by then the object's name has a number
    }
    ask_for_numbers(now);
}

void Protocol::request_unsubscribe(const Topic& topic, TimePoint now)
{
    if (native_) {
        Encoded encoded = native_->unsubscribe(topic);
        const RequestId id = open(limits_.hub_answer_max, ForUnpublish{}, now);
        if (auto* frame = std::get_if<OutFrame>(&encoded))
            requests_.sent(id, push(std::move(*frame)));
        else
            close(id); // it never got through either
        return;
    }
    deliver(requests_.next(), {.act = wire::Act::unsubscribe, .to = topic.object, .name = topic.event}, now);
}

void Protocol::subscribe(const Topic& topic, Overflow overflow, std::uint16_t queue, TimePoint now)
{
    const bool first_of_object = !subscribes_to(topic.object);
    const Subscription wanted{.overflow = overflow, .queue = queue};
    const auto [known, added] = topics_.emplace(topic, wanted);
    if (!added) {
        const bool same = known->second.overflow == overflow && known->second.queue == queue;
        known->second.overflow = overflow;
        known->second.queue = queue;
        if (same || !native_) return; // to the legacy dialect they make no difference
    }
    if (first_of_object && !native_ && carries_publishes())
        request_publish(topic.object + std::string{envelope::subscriber_suffix}, now);
    if (phase_ == Phase::online) request_subscribe(topic, now);
}

void Protocol::unsubscribe(const Topic& topic, TimePoint now)
{
    if (topics_.erase(topic) == 0 || !carries_publishes()) return;
    if (phase_ == Phase::online) request_unsubscribe(topic, now);
    if (!native_ && !subscribes_to(topic.object))
        request_unpublish(topic.object + std::string{envelope::subscriber_suffix}, now);
}

// ---- messages

RequestId Protocol::ask(Message message, const CallOptions& options, Millis timeout, Purpose purpose, TimePoint now)
{
    message.wants_answer = true;
    const bool too_late = options.deadline && *options.deadline <= now;
    const Millis time = std::clamp(time_of(options, timeout, now), Millis{1}, limits_.call_timeout_max);
    const TimePoint end = std::min(now + time, options.deadline.value_or(TimePoint::max())); // not rounded up
    const RequestId id = requests_.open(end, time, std::move(purpose));
    if (too_late)
        settle(id, CallError{"MessengerRequestTimeoutError", "the deadline has passed already"}, now);
    else
        deliver(id, std::move(message), now);
    return id;
}

RequestId Protocol::invoke(Invocation what, Millis timeout, TimePoint now)
{
    const ForCaller purpose{.takes_bytes = what.options.bytes, .window = what.parts};
    const CallOptions when{.timeout = what.options.timeout, .deadline = what.options.deadline};
    return ask(message_of(std::move(what)), when, timeout, purpose, now);
}

RequestId Protocol::invoke_all(Invocation what, Millis timeout, TimePoint now)
{
    const ForGatherer purpose{.takes_bytes = what.options.bytes};
    const CallOptions when{.timeout = what.options.timeout, .deadline = what.options.deadline};
    Message message = message_of(std::move(what));
    message.verb = wire::Verb::multi;
    return ask(std::move(message), when, timeout, purpose, now);
}

RequestId Protocol::wait_for(const Selector& who, Millis timeout, TimePoint now)
{
    // A hub of the legacy dialect is asked for something that every object can answer.
    const Message question{.act = wire::Act::introspect,
                           .wants_answer = true,
                           .to = who,
                           .options = wire::option::wait,
                           .aim = Message::Aim::presence};
    return ask(question, {}, timeout, ForPresence{question}, now);
}

RequestId Protocol::open_channel(const Selector& who, const CallOptions& options, Millis timeout, TimePoint now)
{
    Message question{.to = who, .sticky = options.sticky};
    question.aim = Message::Aim::channel;
    return ask(std::move(question), options, timeout, ForChannel{}, now);
}

void Protocol::report_channel(std::uint32_t number, const Json& totals, wire::Status is)
{
    if (native_ && carries_messages()) push(native_->report(number, totals, is));
}

void Protocol::send(Invocation what, TimePoint now) { deliver(requests_.next(), message_of(std::move(what)), now); }

void Protocol::emit(const Topic& topic, std::optional<Json> params, bool retain, TimePoint now)
{
    Message message{.verb = wire::Verb::event, .to = topic.object, .name = topic.event};
    if (retain) message.options = wire::option::retain;
    if (params) message.content = content_of(params->is_array() ? *params : Json::array({std::move(*params)}));
    deliver(requests_.next(), std::move(message), now);
}

} // namespace pandora::hub::client
