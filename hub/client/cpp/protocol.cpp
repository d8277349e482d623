// Connection phases, and what this client asks for. What it is asked for is in protocol_incoming.cpp.
#include "hub/client/cpp/protocol.hpp"

#include "hub/client/cpp/envelope.hpp"
#include "hub/wire/limits.hpp"

#include <algorithm>
#include <cassert>

namespace pandora::hub::client {

namespace {

std::string subscriber_of(const std::string& object) { return object + std::string{envelope::subscriber_suffix}; }

CallError connection_lost() { return {"PandoraConnectionLostError", "the connection to the hub was lost"}; }

CallError timed_out(Millis timeout)
{
    return {"MessengerRequestTimeoutError", "target no response in " + std::to_string(timeout.count()) + "ms"};
}

Json invocation(const Invocation& what)
{
    Json message = envelope::message_to(what.object, envelope::invoke);
    message["propertyName"] = what.method;
    message["data"] = what.params;
    return message;
}

} // namespace

Protocol::Protocol(Json host, Limits limits, std::uint32_t last_packet_id)
    : host_(std::move(host)), limits_{limits},
      last_packet_{last_packet_id}, reader_{limits.frame_bytes_max + static_cast<std::uint32_t>(wire::rewrap_bytes_max)}
{}

// ---- phases

void Protocol::connected(TimePoint now)
{
    assert(phase_ == Phase::offline);
    announce(now);
}

void Protocol::announce(TimePoint now)
{
    phase_ = Phase::greeting;
    Json data = Json::object();
    envelope::finish(data, host_, true);
    data["stamp"] = true;
    ask_hub(envelope::online_up, std::move(data), ForOnline{}, now);
}

void Protocol::publish_all(TimePoint now)
{
    phase_ = Phase::publishing;
    for (const auto& [object, methods] : objects_) request_publish(object, now);
    const std::string* previous = nullptr; // topics are sorted by object: one subscriber object for each run
    for (const auto& [topic, retry] : topics_) {
        if (!previous || *previous != topic.object) request_publish(subscriber_of(topic.object), now);
        previous = &topic.object;
    }
    go_online_if_published(now);
}

void Protocol::go_online_if_published(TimePoint now)
{
    if (phase_ != Phase::publishing || publishes_pending_ > 0) return;
    phase_ = Phase::online;
    for (auto& [topic, retry] : topics_) request_subscribe(topic, now);
    flush_waiting(now);
    events_.emplace_back(BecameOnline{});
}

void Protocol::flush_waiting(TimePoint now)
{
    for (auto& [id, waiting] : waiting_) {
        const auto request = requests_.find(id);
        if (request != requests_.end()) {
            const auto left = std::chrono::duration_cast<Millis>(request->second.deadline - now);
            waiting.message["timeout"] = std::max<std::int64_t>(left.count(), 1);
        }
        sent(id, push(envelope::text(envelope::msg_up, waiting.message)));
    }
    waiting_.clear();
    waiting_bytes_ = 0;
}

void Protocol::disconnected()
{
    phase_ = phase_ == Phase::ended ? Phase::ended : Phase::offline;
    packets_.clear();
    owed_.clear();
    outbox_.clear();
    reader_.reset();
    publishes_pending_ = 0;
    std::vector<RequestId> lost;
    for (const auto& [id, request] : requests_) {
        if (request.packet != 0) lost.push_back(id);
    }
    for (const RequestId id : lost) fail(id);
    if (leave_deadline_) events_.emplace_back(Left{});
    leave_deadline_.reset();
}

void Protocol::fail(RequestId id)
{
    const auto request = close(id);
    if (std::holds_alternative<ForCaller>(request->purpose)) events_.emplace_back(Finished{id, connection_lost()});
}

void Protocol::end()
{
    disconnected();
    phase_ = Phase::ended;
    while (!requests_.empty()) fail(requests_.begin()->first);
    waiting_.clear();
    waiting_bytes_ = 0;
}

void Protocol::leave(TimePoint now)
{
    if (leave_deadline_) return;
    if (phase_ == Phase::offline || phase_ == Phase::ended) {
        events_.emplace_back(Left{});
        return;
    }
    phase_ = Phase::leaving;
    leave_deadline_ = now + limits_.leave_max;
    Json data = Json::object();
    envelope::finish(data, host_, true);
    ask_hub(envelope::offline_up, std::move(data), ForOffline{}, now);
}

void Protocol::leave_if_done()
{
    if (!leave_deadline_ || !offline_answered_ || !owed_.empty() || outbox_.bytes() > 0) return;
    leave_deadline_.reset();
    events_.emplace_back(Left{});
}

void Protocol::output_written()
{
    outbox_.written();
    leave_if_done();
}

// ---- requests and their deadlines

RequestId Protocol::open(Millis timeout, Purpose purpose, TimePoint now)
{
    const RequestId id = next_request();
    const TimePoint deadline = now + timeout;
    requests_.emplace(id, Request{.deadline = deadline, .timeout = timeout, .purpose = std::move(purpose)});
    deadlines_.emplace(deadline, id);
    return id;
}

std::optional<Protocol::Request> Protocol::close(RequestId id)
{
    auto node = requests_.extract(id);
    if (node.empty()) return std::nullopt;
    Request request = std::move(node.mapped());
    deadlines_.erase({request.deadline, id});
    packets_.erase(request.packet);
    if (const auto waiting = waiting_.find(id); waiting != waiting_.end()) {
        waiting_bytes_ -= waiting->second.bytes;
        waiting_.erase(waiting);
    }
    return request;
}

void Protocol::settle(RequestId id, Outcome outcome, TimePoint now)
{
    const auto request = close(id);
    if (!request) return; // a message that nobody awaits
    std::visit([&](const auto& purpose) { on_purpose(purpose, id, std::move(outcome), now); }, request->purpose);
}

void Protocol::on_purpose(const ForCaller&, RequestId id, Outcome outcome, TimePoint)
{
    events_.emplace_back(Finished{id, std::move(outcome)});
}

void Protocol::on_purpose(const ForOnline&, RequestId, Outcome outcome, TimePoint now)
{
    if (const auto* error = std::get_if<CallError>(&outcome)) {
        events_.emplace_back(Refused{"the hub refused this client: " + error->message});
    } else if (phase_ == Phase::greeting) {
        publish_all(now);
    }
}

void Protocol::on_purpose(const ForPublish& purpose, RequestId, Outcome outcome, TimePoint now)
{
    --publishes_pending_;
    if (const auto* error = std::get_if<CallError>(&outcome)) {
        events_.emplace_back(Refused{"the hub refused to publish '" + purpose.object + "': " + error->message});
    } else {
        go_online_if_published(now);
    }
}

void Protocol::on_purpose(const ForUnpublish&, RequestId, Outcome, TimePoint) {}

void Protocol::on_purpose(const ForSubscribe& purpose, RequestId, Outcome outcome, TimePoint now)
{
    const auto topic = topics_.find(purpose.topic);
    if (topic != topics_.end() && std::holds_alternative<CallError>(outcome)) {
        topic->second = now + limits_.resubscribe_after;
    }
}

void Protocol::on_purpose(const ForOffline&, RequestId, Outcome, TimePoint)
{
    offline_answered_ = true; // also where the answer did not come: there is nothing more to wait for
    leave_if_done();
}

std::optional<TimePoint> Protocol::next_deadline() const
{
    std::optional<TimePoint> first = leave_deadline_;
    const auto consider = [&](TimePoint at) { first = first ? std::min(*first, at) : at; };
    if (!deadlines_.empty()) consider(deadlines_.begin()->first);
    if (phase_ != Phase::online) return first;
    for (const auto& [topic, retry] : topics_) {
        if (retry) consider(*retry);
    }
    return first;
}

void Protocol::expire(TimePoint now)
{
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const RequestId id = deadlines_.begin()->second;
        settle(id, timed_out(requests_.at(id).timeout), now);
    }
    if (leave_deadline_ && *leave_deadline_ <= now) {
        leave_deadline_.reset();
        events_.emplace_back(Left{});
    }
    if (phase_ != Phase::online) return;
    for (const auto& [topic, retry] : topics_) {
        if (retry && *retry <= now) request_subscribe(topic, now);
    }
}

// ---- asking the hub

std::uint32_t Protocol::push(std::string body)
{
    do last_packet_ = wire::next_packet_id(last_packet_);
    while (packets_.contains(last_packet_)); // after a wrap, an old request may still wait under its id
    outbox_.push(last_packet_, std::move(body));
    return last_packet_;
}

void Protocol::sent(RequestId id, std::uint32_t packet)
{
    const auto request = requests_.find(id);
    if (request == requests_.end()) return;
    request->second.packet = packet;
    packets_.emplace(packet, id);
}

void Protocol::ask_hub(std::string_view action, Json data, Purpose purpose, TimePoint now)
{
    const RequestId id = open(limits_.hub_answer_max, std::move(purpose), now);
    sent(id, push(envelope::text(action, data)));
}

Json Protocol::publication_of(const std::string& object) const
{
    Json selector = host_;
    selector["objectName"] = object;
    Json data = Json::object();
    data["data"]["selector"] = std::move(selector);
    envelope::finish(data, host_, true);
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

void Protocol::request_subscribe(const Topic& topic, TimePoint now)
{
    topics_.at(topic).reset();
    Json message = envelope::message_to(topic.object, envelope::subscribe);
    message["register"] = topic.event;
    envelope::finish(message, host_, true);
    ask_hub(envelope::msg_up, std::move(message), ForSubscribe{topic}, now);
}

// ---- what the client's user asks for

void Protocol::publish(const std::string& object, std::vector<std::string> methods, TimePoint now)
{
    const bool added = objects_.insert_or_assign(object, std::move(methods)).second;
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

void Protocol::subscribe(const Topic& topic, TimePoint now)
{
    const bool first_of_object = !subscribes_to(topic.object);
    if (!topics_.emplace(topic, std::nullopt).second) return;
    if (first_of_object && carries_publishes()) request_publish(subscriber_of(topic.object), now);
    if (phase_ == Phase::online) request_subscribe(topic, now);
}

void Protocol::unsubscribe(const Topic& topic, TimePoint now)
{
    if (topics_.erase(topic) == 0 || !carries_publishes()) return;
    if (phase_ == Phase::online) {
        Json message = envelope::message_to(topic.object, envelope::unsubscribe);
        message["register"] = topic.event;
        envelope::finish(message, host_, false);
        deliver(next_request(), std::move(message), now);
    }
    if (!subscribes_to(topic.object)) request_unpublish(subscriber_of(topic.object), now);
}

void Protocol::emit(const Topic& topic, Json params, TimePoint now)
{
    if (!params.is_array()) params = Json::array({std::move(params)});
    Json message = envelope::message_to(subscriber_of(topic.object), envelope::invoke);
    message["broadcast"] = true;
    message["propertyName"] = envelope::subscriber_method;
    message["data"] = Json::array({topic.event, std::move(params)});
    envelope::finish(message, host_, false);
    deliver(next_request(), std::move(message), now);
}

RequestId Protocol::invoke(Invocation what, Millis timeout, TimePoint now)
{
    timeout = std::clamp(timeout, Millis{1}, limits_.call_timeout_max);
    const RequestId id = open(timeout, ForCaller{}, now);
    Json message = invocation(what);
    message["timeout"] = timeout.count();
    envelope::finish(message, host_, true);
    deliver(id, std::move(message), now);
    return id;
}

void Protocol::send(Invocation what, TimePoint now)
{
    Json message = invocation(what);
    envelope::finish(message, host_, false);
    deliver(next_request(), std::move(message), now);
}

void Protocol::deliver(RequestId id, Json message, TimePoint now)
{
    if (phase_ == Phase::ended) return settle(id, connection_lost(), now);
    std::string body = envelope::text(envelope::msg_up, message);
    const std::size_t bytes = wire::header_bytes + body.size();
    if (body.size() > limits_.frame_bytes_max) {
        return settle(
            id, CallError{"too_large", "a frame of " + std::to_string(body.size()) + " bytes is over the limit"}, now);
    }
    if (outbox_.bytes() + waiting_bytes_ + bytes > limits_.queue_bytes_max) {
        return settle(id, CallError{"busy", "too many bytes wait for the hub to take them"}, now);
    }
    if (carries_messages()) return sent(id, push(std::move(body)));
    waiting_bytes_ += bytes;
    waiting_.emplace(id, Waiting{std::move(message), bytes});
}

} // namespace pandora::hub::client
