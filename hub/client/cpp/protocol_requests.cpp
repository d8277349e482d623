// How what is awaited ends: by an answer, by its deadline, or by being canceled.
#include "hub/client/cpp/envelope.hpp"
#include "hub/client/cpp/protocol.hpp"

#include <algorithm>

namespace pandora::hub::client {

namespace {

constexpr std::string_view denied = "PandoraDeniedError"; // PROTOCOL.md 5

CallError timed_out(Millis timeout)
{
    return {"MessengerRequestTimeoutError", "target no response in " + std::to_string(timeout.count()) + "ms"};
}

} // namespace

RequestId Protocol::open(Millis timeout, Purpose purpose, TimePoint now)
{
    return requests_.open(now + timeout, timeout, std::move(purpose));
}

std::optional<Request> Protocol::close(RequestId id)
{
    if (const auto waiting = waiting_.find(id); waiting != waiting_.end()) {
        waiting_bytes_ -= waiting->second.bytes;
        waiting_.erase(waiting);
    }
    take_remembered(id);
    std::erase_if(presences_again_, [&](const auto& again) { return again.second == id; });
    return requests_.close(id);
}

void Protocol::settle(RequestId id, Outcome outcome, TimePoint now)
{
    const auto request = close(id);
    if (!request) return; // a message that nobody awaits
    std::visit([&](const auto& purpose) { on_purpose(purpose, id, std::move(outcome), now); }, request->purpose);
}

void Protocol::cancel(RequestId id)
{
    const auto request = close(id);
    if (!request) return;
    if (native_ && request->packet != 0) outbox_.push(request->packet, native_->cancel());
    events_.emplace_back(Finished{id, CallError{"PandoraCanceledError", "the call was canceled"}});
}

void Protocol::on_purpose(const ForCaller& purpose, RequestId id, Outcome outcome, TimePoint)
{
    events_.emplace_back(Finished{id, as_taken(std::move(outcome), purpose.takes_bytes)});
}

void Protocol::on_purpose(const ForGatherer&, RequestId id, Outcome outcome, TimePoint)
{
    events_.emplace_back(Finished{id, std::move(outcome)});
}

void Protocol::on_purpose(const ForPresence&, RequestId id, Outcome outcome, TimePoint)
{
    events_.emplace_back(Finished{id, std::move(outcome)});
}

void Protocol::on_purpose(const ForChannel&, RequestId id, Outcome outcome, TimePoint)
{
    if (!std::holds_alternative<CallError>(outcome))
        outcome = CallError{"Error", "the hub opened a channel without a socket"};
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
    const auto* error = std::get_if<CallError>(&outcome);
    if (error && error->name != denied) {
        events_.emplace_back(Refused{"the hub refused to publish '" + purpose.object + "': " + error->message});
        return;
    }
    if (error) events_.emplace_back(Denied{{.object = purpose.object, .event = {}, .why = *error}});
    go_online_if_published(now);
}

void Protocol::on_purpose(const ForUnpublish&, RequestId, Outcome, TimePoint) {}

void Protocol::on_purpose(const ForSubscribe& purpose, RequestId, Outcome outcome, TimePoint now)
{
    const auto* error = std::get_if<CallError>(&outcome);
    if (!error || !topics_.contains(purpose.topic)) return;
    if (error->name == denied)
        events_.emplace_back(Denied{{.object = purpose.topic.object, .event = purpose.topic.event, .why = *error}});
    else
        topics_again_.emplace(now + limits_.ask_again_after, purpose.topic);
}

void Protocol::on_purpose(const ForOffline&, RequestId, Outcome, TimePoint)
{
    offline_answered_ = true; // also where the answer did not come: there is nothing more to wait for
    leave_if_done();
}

/// Only a failure comes here: what has no number now will not get one.
void Protocol::on_purpose(const ForNumber& purpose, RequestId, Outcome, TimePoint now)
{
    if (!native_) return;
    native_->numbered(purpose.wish, 0);
    flush_waiting(now);
}

std::optional<TimePoint> Protocol::next_deadline() const
{
    std::optional<TimePoint> first = leave_deadline_;
    const auto consider = [&](TimePoint at) { first = first ? std::min(*first, at) : at; };
    if (const auto ends = requests_.first()) consider(ends->first);
    if (phase_ != Phase::online) return first;
    if (!presences_again_.empty()) consider(presences_again_.begin()->first);
    if (!topics_again_.empty()) consider(topics_again_.begin()->first);
    return first;
}

void Protocol::expire(TimePoint now)
{
    for (auto ends = requests_.first(); ends && ends->first <= now; ends = requests_.first())
        give_up_or_wait(ends->second, now);
    if (leave_deadline_ && *leave_deadline_ <= now) {
        leave_deadline_.reset();
        events_.emplace_back(Left{});
    }
    if (phase_ == Phase::online) ask_again(now);
}

/// A hub of the native dialect ends the call itself, and says whose fault it is: its answer may be on the way.
void Protocol::give_up_or_wait(RequestId id, TimePoint now)
{
    const Request* const request = requests_.find(id);
    const TimePoint late = request->deadline + limits_.hub_late_max;
    const bool is_native_call = native_ && request->packet != 0 && is_users(request->purpose);
    if (is_native_call && !direct_ && now < late) return requests_.postpone(id, late);
    if (is_native_call) outbox_.push(request->packet,
                                     native_->cancel()); // nobody else would tell the callee
    settle(id, timed_out(request->timeout), now);
}

void Protocol::ask_again(TimePoint now)
{
    while (!topics_again_.empty() && topics_again_.begin()->first <= now) {
        const Topic topic = topics_again_.extract(topics_again_.begin()).value().second;
        if (topics_.contains(topic)) request_subscribe(topic, now);
    }
    while (!presences_again_.empty() && presences_again_.begin()->first <= now) {
        const RequestId id = presences_again_.begin()->second;
        presences_again_.erase(presences_again_.begin());
        Message question = std::get<ForPresence>(requests_.find(id)->purpose).message;
        deliver(id, std::move(question), now);
    }
}

} // namespace pandora::hub::client
