// Events and subscriptions where one side is legacy (PROTOCOL.md 6, 9.10): what crosses between the dialects, and what
// the hub says to legacy providers in the name of their subscribers.
#include "hub/core/router.hpp"
#include "hub/core/translation.hpp"
#include "hub/wire/json_text.hpp"

#include <utility>

namespace pandora::hub::core {

namespace {

constexpr std::string_view subscribe_action = "OBJECT_ACTION_SUBSCRIBE";
constexpr std::string_view unsubscribe_action = "OBJECT_ACTION_UNSUBSCRIBE";

LegacyTopicView view_of(const LegacyTopic& topic) { return {topic.object, topic.tag, topic.event}; }

std::string_view tag_of(const Selector& selector)
{
    return selector.object_tag.kind == MatchValue::Kind::string ? std::string_view{selector.object_tag.text}
                                                                : std::string_view{};
}

/// A SUBSCRIBE or UNSUBSCRIBE in the name of those who wait for the topic: as the `data` of a message.
std::string subscription_data(std::string_view action, const LegacyTopicView& topic)
{
    std::string data{R"({"remote":{"objectName":)"};
    wire::append_json_string(data, topic.object);
    if (!topic.tag.empty()) {
        data += R"(,"objectTag":)";
        wire::append_json_string(data, topic.tag);
    }
    data.append(R"(},"action":")").append(action).append(R"(","broadcast":false,"register":)");
    wire::append_json_string(data, topic.event);
    return data + "}";
}

} // namespace

/// Everybody who has published `<object>@subscriber`; each looks itself whether the event is one of its own.
void Router::tell_legacy_subscribers(const Message& message, const std::string& object)
{
    const Target& target = targets_.of_text(selector_of_object(object + std::string{subscriber_suffix}));
    if (target.found.empty() || (message.flags & wire::flag::binary)) return;
    if (!message.payload.empty() && !wire::is_json(message.payload))
        return connections_.drop(message.from, Drop::malformed);
    const std::string data =
        core::legacy_event(object, {}, message.method, message.payload, connections_[message.from].host);
    for (const Found& one : target.found) {
        Peer& peer = connections_[one.peer];
        if (peer.native) continue;
        if (!connections_.takes_request(one.peer, data.size(), message.now)) {
            connections_.drop(one.peer, Drop::busy);
            continue;
        }
        const std::string_view source =
            peer.wants_source ? std::string_view{connections_[message.from].source} : std::string_view{};
        const wire::BodyPieces body = wire::message_down(source, data);
        connections_.send(one.peer, OutFrame{.id = calls_.next_packet(one.peer), .pieces = body.pieces()}, message.now);
    }
}

/// Whether it is an event that a legacy provider tells.
bool Router::is_legacy_event(const Message& message) const
{
    return message.act == wire::Act::call && message.method == "callback" &&
           message.object().ends_with(subscriber_suffix);
}

/// A legacy provider's event: to the legacy subscribers as it is, and to native ones as an EVENT.
void Router::legacy_event(Message& message)
{
    const std::string_view subscriber = message.object();
    const std::string object{subscriber.substr(0, subscriber.size() - subscriber_suffix.size())};
    const auto event = read_legacy_event(message.payload);
    if (event && topics_.any(object)) tell_native_subscribers(message, object, *event);
    if (message.target->found.empty() && topics_.any(object)) {
        if (!message.wants_answer) return;
        return connections_.respond(message.from, message.packet, R"({"success":true,"batchReply":[]})", message.now);
    }
    route(message);
}

void Router::tell_native_subscribers(const Message& message, const std::string& object, const LegacyEvent& event)
{
    std::string scratch;
    const std::string name{wire::text_of(event.event, scratch)};
    if (!connections_[message.from].objects.contains(object))
        return connections_.drop(message.from, Drop::not_publisher);
    if (!wire::is_text(name)) return connections_.drop(message.from, Drop::malformed);
    const std::string selector = selector_of_object(object);
    wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(wire::Verb::event),
                             .dst = number_for(wire::NameKind::selector, selector, 0),
                             .method = number_for(wire::NameKind::name, name, 0)};
    wire::Tlvs tlvs;
    if (block.dst == 0) tlvs.selector = selector;
    if (block.method == 0) tlvs.name = name;
    const auto head = wire::encode_head(block, tlvs);
    if (!head) return connections_.drop(message.from, Drop::too_large);
    const std::string frame = *head + std::string{event.params.empty() ? "[]" : event.params};
    const auto body = wire::parse_native(frame);
    Message native = message;
    native.form = &*body;
    native.method = name;
    native.payload = body->payload;
    Occurrence occurrence{.message = native, .object = object, .body = &*body, .made = nullptr};
    topics_.match(object, name, matching_);
    for (const SubscriptionId subscription : matching_) offer(subscription, occurrence);
}

/// Native subscribers hear all providers; a legacy one has to be asked for each event by name.
void Router::subscribe_at_legacy_providers(PeerId consumer, const TopicFilter& filter, TimePoint now)
{
    if (!filter.is_exact()) return;
    const Target& target = targets_.of_text(selector_of_object(filter.object)); // subscribing changes no route
    for (const Found& one : target.found) {
        if (connections_[one.peer].native || is_own(connections_[one.peer].reach)) continue;
        subscribe_at(one.peer, consumer, {filter.object, {}, filter.event}, now);
    }
}

/// Once at each provider, whatever other providers there are.
void Router::subscribe_at(PeerId provider, PeerId consumer, const LegacyTopicView& topic, TimePoint now)
{
    if (legacy_subscriptions_.is_bound(consumer, provider, topic)) return;
    if (remember(consumer, provider, topic)) tell_subscription(provider, subscribe_action, topic, 1, now);
}

void Router::unsubscribe_at_legacy_providers(PeerId consumer, const LegacyTopicView& topic, TimePoint now)
{
    const std::size_t before = legacy_subscriptions_.bytes(consumer);
    while (const auto provider = legacy_subscriptions_.provider_of(consumer, topic)) {
        legacy_subscriptions_.unsubscribed(consumer, *provider, topic);
        tell_subscription(*provider, unsubscribe_action, topic, 1, now);
    }
    legacy_subscriptions_.unsubscribed(consumer, std::nullopt, topic);
    recharge(consumer, before, legacy_subscriptions_.bytes(consumer));
}

bool Router::remember(PeerId consumer, PeerId provider, const LegacyTopicView& topic)
{
    const std::size_t before = legacy_subscriptions_.bytes(consumer);
    const bool remembered = legacy_subscriptions_.subscribed(consumer, provider, topic);
    recharge(consumer, before, legacy_subscriptions_.bytes(consumer));
    return remembered;
}

/// A message in the hub's own name; nobody waits for the answer.
void Router::tell_subscription(PeerId provider, std::string_view action, const LegacyTopicView& topic,
                               std::uint32_t count, TimePoint now)
{
    if (connections_[provider].doomed || connections_[provider].native) return;
    const std::string data = subscription_data(action, topic);
    const wire::BodyPieces body = wire::message_down({}, data);
    for (std::uint32_t i = 0; i < count; ++i)
        connections_.send(provider, OutFrame{.id = calls_.next_packet(provider), .pieces = body.pieces()}, now);
}

/// A client's own SUBSCRIBE or UNSUBSCRIBE on its way to a provider: remembered, since a legacy provider forgets, and
/// to be able to say what is subscribed to.
void Router::note_subscription(const Message& message, PeerId provider)
{
    if (message.act != wire::Act::subscribe && message.act != wire::Act::unsubscribe) return;
    if (!message.legacy() || message.object().empty()) return;
    const LegacyTopicView topic{message.object(), tag_of(message.target->asked), message.method};
    if (message.act == wire::Act::subscribe) {
        remember(message.from, provider, topic);
        return;
    }
    const std::size_t before = legacy_subscriptions_.bytes(message.from);
    legacy_subscriptions_.unsubscribed(message.from, provider, topic);
    recharge(message.from, before, legacy_subscriptions_.bytes(message.from));
}

/// A provider has published the object, perhaps in the place of one that is gone.
void Router::provider_came(PeerId provider, const std::string& object, const Selector& selector, TimePoint now)
{
    if (connections_[provider].native || is_own(connections_[provider].reach)) return;
    for (const auto& renewal : legacy_subscriptions_.provider_came(provider, object, tag_of(selector)))
        tell_subscription(provider, subscribe_action, view_of(renewal.topic), renewal.count, now);
    matching_.clear();
    topics_.exact_of(object, matching_);
    for (const SubscriptionId id : matching_) {
        const Subscription& subscription = topics_[id];
        subscribe_at(provider, subscription.peer, {object, {}, subscription.filter.event}, now);
    }
}

/// The connection has ended. Of one that is both, what it provides is orphaned first, so that it owes itself nothing.
void Router::forget_at_legacy_providers(PeerId id, TimePoint now)
{
    legacy_subscriptions_.provider_gone(id);
    for (const auto& owed : legacy_subscriptions_.consumer_gone(id))
        tell_subscription(owed.provider, unsubscribe_action, view_of(owed.topic), owed.count, now);
}

} // namespace pandora::hub::core
