// Events of native clients and the native subscriptions to them (PROTOCOL.md 9.7).
#include "hub/core/router.hpp"
#include "hub/core/translation.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <set>
#include <utility>

namespace pandora::hub::core {

namespace {

/// The TLVs of an OVERFLOW: what its client has not named by number. They fit, for no escape is longer in the hub's
/// words than it was in those of SUBSCRIBE.
std::string overflow_names(const Subscription& subscription)
{
    const std::string selector = selector_of_object(subscription.filter.object);
    wire::Tlvs tlvs;
    if (subscription.dst == 0) tlvs.selector = selector;
    if (subscription.method == 0) tlvs.name = subscription.filter.event;
    auto encoded = wire::encode_tlvs(tlvs);
    assert(encoded);
    return *std::move(encoded);
}

} // namespace

bool Router::has_subscribers(std::string_view object, std::string_view event) const
{
    std::vector<SubscriptionId> matching;
    topics_.match(object, event, matching);
    if (!matching.empty()) return true;
    std::vector<std::string_view> legacy;
    legacy_subscriptions_.events_of(object, legacy);
    return std::ranges::find(legacy, event) != legacy.end();
}

std::vector<std::string> Router::subscribed_events(std::string_view object) const
{
    std::vector<SubscriptionId> native;
    topics_.exact_of(object, native);
    std::set<std::string> names;
    for (const SubscriptionId id : native) names.insert(topics_[id].filter.event);
    std::vector<std::string_view> legacy;
    legacy_subscriptions_.events_of(object, legacy);
    names.insert(legacy.begin(), legacy.end());
    return {names.begin(), names.end()};
}

/// An EVENT frame.
void Router::native_event(Message& message)
{
    if (message.wants_answer) return refuse(message, {CallEnd::invalid, "an event has no answer"});
    if (const auto flaw = flaw_of(message)) return connections_.drop(message.from, drop_of(flaw->end));
    if (message.is_pooled() || !message.fds.empty()) return connections_.drop(message.from, Drop::unsupported);
    message.target = &target_of(message);
    const std::string object{message.object()};
    message.target = nullptr; // others are looked up below
    const Peer& publisher = connections_[message.from];
    if (object.empty() || message.method.empty()) return connections_.drop(message.from, Drop::wrong_shape);
    if (!publisher.objects.contains(object)) return connections_.drop(message.from, Drop::not_publisher);

    Occurrence event{.message = message, .object = object, .body = message.native(), .made = nullptr};
    if (message.native()->block.options & wire::option::retain) {
        retain(event);
        if (message.payload.empty()) return; // it takes a value back, and tells nothing
    }
    topics_.match(object, message.method, matching_);
    for (const SubscriptionId subscription : matching_) offer(subscription, event);
    tap_event(message, object); // before its target is looked up anew
    tell_legacy_subscribers(message, object);
}

/// Keeps it as the last value of its name.
void Router::retain(Occurrence& event)
{
    const PeerId publisher = event.message.from;
    const std::size_t before = topics_.retained_bytes(publisher);
    const auto replaced = topics_.retain(publisher, shared_event(event));
    recharge(publisher, before, topics_.retained_bytes(publisher));
    if (replaced) connections_.release(replaced->publisher, replaced->bytes);
}

void Router::release_retained(PeerId publisher, const std::string& object)
{
    const std::size_t before = topics_.retained_bytes(publisher);
    topics_.release(publisher, object);
    recharge(publisher, before, topics_.retained_bytes(publisher));
}

void Router::recharge(PeerId peer, std::size_t before, std::size_t after)
{
    if (after > before) connections_.hold(peer, after - before);
    if (before > after) connections_.release(peer, before - after);
}

/// The event as all keep it who cannot take it now.
EventPtr Router::shared_event(Occurrence& event)
{
    if (event.made) return event.made;
    const Message& message = event.message;
    const wire::NativeBody& body = *event.body;
    wire::RoutingBlock block = body.block;
    block.src = connections_[message.from].handle;
    const wire::BlockBytes bytes = wire::encode_block(block, wire::head_bytes(body));
    auto made = std::make_shared<Event>();
    made->object = event.object;
    made->name = message.method;
    made->body.reserve(bytes.size() + body.after_block.size());
    made->body.append(bytes.data(), bytes.size()).append(body.after_block);
    made->flags = static_cast<std::uint8_t>(wire::flag::native | (message.flags & wire::flag::binary));
    made->dst = block.dst;
    made->method = block.method;
    made->src = block.src;
    made->clears = message.payload.empty();
    event.made = std::move(made);
    return event.made;
}

/// Gives one subscriber an event, or keeps it for later as the subscription says.
void Router::offer(SubscriptionId id, Occurrence& event)
{
    const PeerId to = topics_[id].peer;
    const TimePoint now = event.message.now;
    if (topics_.has_backlog(to) || !takes_event(to, event.body->after_block.size(), now))
        return keep(id, shared_event(event), now);
    tell_overflow(id, topics_.take_lost(id), now);
    const wire::NativeBody& body = *event.body;
    wire::RoutingBlock block = body.block;
    block.src = connections_[event.message.from].handle;
    introduce_event(to, block.dst, block.method, event.message.from, now);
    connections_.spend(to, wire::block_bytes_min + body.after_block.size());
    connections_.send(to,
                      NativeFrame{.flags = static_cast<std::uint8_t>(event.message.flags & wire::flag::binary),
                                  .id = 0,
                                  .block = block,
                                  .tail = body.after_block,
                                  .tlv_bytes = wire::head_bytes(body) - wire::block_bytes_min},
                      now);
}

bool Router::takes_event(PeerId to, std::size_t bytes, TimePoint now) const
{
    return connections_[to].outbox.bytes() < limits_.queue_bytes_events && connections_.takes_request(to, bytes, now);
}

void Router::introduce_event(PeerId to, NameNumber dst, NameNumber method, PeerId from, TimePoint now)
{
    connections_.introduce_source(to, from, now);
    connections_.introduce_name(to, dst, now);
    connections_.introduce_name(to, method, now);
}

void Router::keep(SubscriptionId id, EventPtr event, TimePoint now)
{
    const PeerId to = topics_[id].peer;
    // Now: when its turn comes, nobody may know any more who has told it.
    connections_.introduce_handle(to, event->src, now);
    const std::size_t before = topics_.backlog_bytes(to);
    const auto untold = topics_.keep(id, std::move(event));
    recharge(to, before, topics_.backlog_bytes(to));
    if (untold.value_or(1) > 0) connections_.drop(to, Drop::overflow, untold.value_or(1));
    if (!untold) connections_.doom(to, Disconnect::slow_reader);
}

void Router::tell_overflow(SubscriptionId id, std::uint64_t lost, TimePoint now)
{
    if (lost == 0) return;
    const Subscription& subscription = topics_[id];
    const std::string names = overflow_names(subscription);
    connections_.introduce_name(subscription.peer, subscription.dst, now);
    connections_.introduce_name(subscription.peer, subscription.method, now);
    const wire::RoutingBlock block{.dst = subscription.dst, .method = subscription.method, .deadline = lost};
    connections_.say(subscription.peer, wire::ControlVerb::overflow,
                     {.block = block, .tail = names, .tlv_bytes = names.size()}, now);
}

/// What has waited for a subscriber goes out as far as it takes it.
void Router::send_backlog(PeerId to, TimePoint now)
{
    if (connections_[to].doomed) return;
    const std::size_t before = topics_.backlog_bytes(to);
    while (const auto due = topics_.next_of(to)) {
        const Event& event = *due->event;
        if (!takes_event(to, event.body.size(), now)) break;
        tell_overflow(due->subscription, due->lost, now);
        send_event(to, event, now);
        topics_.pop(to);
    }
    recharge(to, before, topics_.backlog_bytes(to));
}

void Router::send_event(PeerId to, const Event& event, TimePoint now)
{
    connections_.introduce_handle(to, event.src, now);
    connections_.introduce_name(to, event.dst, now);
    connections_.introduce_name(to, event.method, now);
    connections_.spend(to, event.body.size());
    const std::array<std::string_view, 1> pieces{event.body};
    connections_.send(to, OutFrame{.id = 0, .pieces = pieces, .flags = event.flags}, now);
}

/// The control frame SUBSCRIBE.
void Router::subscribe(const ControlFrame& in)
{
    auto wanted = subscription_of(in);
    if (const auto* failure = std::get_if<Failure>(&wanted)) return refuse_control(in, *failure);
    Subscription subscription = std::get<Subscription>(std::move(wanted));
    const TopicFilter filter = subscription.filter;
    const Peer& peer = connections_[in.from];
    if (!is_own(peer.reach) && !policy_.allows(PolicyVerb::subscribe, peer.identity, filter.object, filter.event))
        return refuse_control(in, {CallEnd::denied, "the app's policy does not allow to hear " + filter.object});
    const std::size_t before = topics_.subscription_bytes(in.from);
    const bool added = topics_.subscribe(std::move(subscription)) != Topics::Subscribed::too_many;
    recharge(in.from, before, topics_.subscription_bytes(in.from));
    if (!added) return refuse_control(in, {CallEnd::busy, "too many subscriptions"});
    answer_control(in, {}, {}, {});
    send_retained(in.from, filter, in.now);
    subscribe_at_legacy_providers(in.from, filter, in.now);
}

std::variant<Subscription, Failure> Router::subscription_of(const ControlFrame& in)
{
    const wire::RoutingBlock& block = in.body.block;
    const auto selector = selector_in(in.body);
    if (!selector) return Failure{CallEnd::invalid, "no valid selector"};
    const bool named = names_.is(wire::NameKind::name, block.method);
    if (block.method != 0 && !named) return Failure{CallEnd::invalid, "a number that the hub has not given"};
    if (block.act > static_cast<std::uint8_t>(Overflow::disconnect))
        return Failure{CallEnd::unsupported, "unknown policy " + std::to_string(block.act)};
    parse_selector(*selector, asked_);
    const std::string object{object_named(asked_)};
    if (object.empty()) return Failure{CallEnd::invalid, "a subscription names an object"};
    const std::string_view event = named ? names_.text(block.method) : in.body.tlvs.name;
    if (event.size() > limits_.name_bytes_max) return Failure{CallEnd::too_large, "the event's name is too long"};
    if (!wire::is_text(event)) return Failure{CallEnd::invalid, "a name that is not UTF-8"};
    const std::uint32_t queue = wire::messages_of(block.credit);
    return Subscription{.peer = in.from,
                        .filter = {object, std::string{event}},
                        .overflow = static_cast<Overflow>(block.act),
                        .queue_max = queue == 0 ? limits_.backlog_events : queue,
                        .dst = block.dst,
                        .method = block.method};
}

/// They obey what all events obey: behind those that wait already, and no more than the subscriber takes.
void Router::send_retained(PeerId to, const TopicFilter& filter, TimePoint now)
{
    retained_.clear();
    topics_.retained(filter, retained_);
    for (EventPtr& event : retained_) {
        if (!topics_.has_backlog(to) && takes_event(to, event->body.size(), now)) {
            send_event(to, *event, now);
            continue;
        }
        topics_.match(event->object, event->name, matching_);
        const auto its = std::ranges::find(matching_, to, [&](SubscriptionId id) { return topics_[id].peer; });
        if (its != matching_.end()) keep(*its, std::move(event), now);
    }
}

void Router::unsubscribe(const ControlFrame& in)
{
    auto wanted = subscription_of(in);
    if (const auto* failure = std::get_if<Failure>(&wanted)) return refuse_control(in, *failure);
    const TopicFilter& filter = std::get<Subscription>(wanted).filter;
    const std::size_t before = topics_.subscription_bytes(in.from);
    const std::size_t waiting = topics_.backlog_bytes(in.from);
    if (!topics_.unsubscribe(in.from, filter))
        return refuse_control(in, {CallEnd::no_route, "there is no such subscription"});
    recharge(in.from, before, topics_.subscription_bytes(in.from));
    recharge(in.from, waiting, topics_.backlog_bytes(in.from));
    unsubscribe_at_legacy_providers(in.from, {filter.object, {}, filter.event}, in.now);
    answer_control(in, {}, {}, {});
}

/// The connection has ended: its subscriptions, and what it retained.
void Router::forget_events(PeerId id, TimePoint now)
{
    const std::size_t charged = topics_.subscription_bytes(id) + topics_.backlog_bytes(id) +
                                topics_.retained_bytes(id) + legacy_subscriptions_.bytes(id);
    connections_.drop(id, Drop::receiver_gone, topics_.backlog_events(id));
    topics_.forget(id);
    forget_at_legacy_providers(id, now);
    connections_.release(id, charged);
}

} // namespace pandora::hub::core
