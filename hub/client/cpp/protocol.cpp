// The phases of a connection. What is awaited is in protocol_requests.cpp, what this client says in
// protocol_outgoing.cpp, and what the hub says in protocol_incoming.cpp.
#include "hub/client/cpp/protocol.hpp"

#include "hub/client/cpp/envelope.hpp"
#include "hub/wire/limits.hpp"

#include <cassert>

namespace pandora::hub::client {

namespace {

wire::FrameDecoder decoder_of(const Limits& limits)
{
    return wire::FrameDecoder{limits.frame_bytes_max + static_cast<std::uint32_t>(wire::rewrap_bytes_max)};
}

} // namespace

Protocol::Protocol(Json host, std::optional<NativeOffer> offer, Limits limits, std::uint32_t last_packet_id)
    : legacy_{std::move(host), limits.nesting_max}, offer_{std::move(offer)}, limits_{limits},
      last_packet_{last_packet_id}, decoder_{decoder_of(limits)}
{}

Protocol Protocol::direct(Json peer, NativeOffer offer, Limits limits)
{
    Protocol protocol{Json::object(), std::move(offer), limits};
    protocol.direct_ = std::move(peer);
    return protocol;
}

void Protocol::connected(TimePoint now)
{
    assert(phase_ == Phase::offline);
    ++connection_;
    if (!direct_) return announce(now);
    native_.emplace(*direct_, limits_.nesting_max, pooling());
    phase_ = Phase::online;
    flush_waiting(now);
}

void Protocol::announce(TimePoint now)
{
    phase_ = Phase::greeting;
    Json data = Json::object();
    envelope::finish(data, legacy_.host());
    data["stamp"] = true;
    if (offer_) data["native"] = offered(*offer_);
    ask_hub(envelope::online_up, std::move(data), ForOnline{}, now);
}

void Protocol::publish_all(TimePoint now)
{
    phase_ = Phase::publishing;
    for (const auto& [object, interface] : objects_) request_publish(object, now);
    const std::string* previous = nullptr; // topics are sorted by object: one subscriber object for each run
    for (const auto& [topic, subscription] : topics_) {
        const bool first = !previous || *previous != topic.object;
        if (first && !native_) request_publish(topic.object + std::string{envelope::subscriber_suffix}, now);
        previous = &topic.object;
    }
    go_online_if_published(now);
}

void Protocol::go_online_if_published(TimePoint now)
{
    if (phase_ != Phase::publishing || publishes_pending_ > 0) return;
    phase_ = Phase::online;
    for (const auto& [topic, subscription] : topics_) request_subscribe(topic, now);
    flush_waiting(now);
    events_.emplace_back(BecameOnline{});
}

void Protocol::flush_waiting(TimePoint now)
{
    auto waiting = std::exchange(waiting_, {});
    waiting_bytes_ = 0;
    for (auto& [id, kept] : waiting) transmit(id, std::move(kept.message), now);
}

void Protocol::disconnected()
{
    phase_ = phase_ == Phase::ended ? Phase::ended : Phase::offline;
    requests_.forget_packets();
    for (const auto& [id, owed] : owed_) {
        if (owed.wants_answer && !owed.canceled) events_.emplace_back(Canceled{id});
    }
    owed_.clear();
    held_.clear();
    topics_again_.clear();
    outbox_.clear();
    pooled_.clear();
    pooled_bytes_ = 0;
    descriptors_.clear();
    decoder_ = decoder_of(limits_);
    violation_.reset();
    native_.reset();
    credit_ = CreditReturn{};
    publishes_pending_ = 0;
    for (const RequestId id : requests_.under_way()) fail(id);
    if (leave_deadline_) events_.emplace_back(Left{});
    leave_deadline_.reset();
}

void Protocol::fail(RequestId id)
{
    const auto request = close(id);
    if (is_users(request->purpose)) events_.emplace_back(Finished{id, lost()});
}

CallError Protocol::lost() const
{
    if (direct_) return {"PandoraPeerGoneError", "the direct channel ended before the answer"};
    return {"PandoraConnectionLostError", "the connection to the hub was lost"};
}

void Protocol::end()
{
    disconnected();
    phase_ = Phase::ended;
    for (const RequestId id : requests_.all()) fail(id);
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
    envelope::finish(data, legacy_.host());
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
    want_held_parts();
    leave_if_done();
}

/// Of those whose caller takes them: whatever else was in the way may be gone.
void Protocol::want_held_parts()
{
    std::erase_if(held_, [this](AnswerId id) {
        const bool wanted = owed_.at(id).parts > 0;
        if (wanted) events_.emplace_back(PartsWanted{id});
        return wanted;
    });
}

} // namespace pandora::hub::client
