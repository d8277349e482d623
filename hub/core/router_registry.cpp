// The router's verbs about who is who: online, offline, publish, unpublish. Each is always answered.
#include "hub/core/labels.hpp"
#include "hub/core/router.hpp"
#include "hub/core/translation.hpp"
#include "hub/wire/json_reader.hpp"
#include "hub/wire/json_text.hpp"

#include <algorithm>
#include <cassert>

namespace pandora::hub::core {

namespace {

constexpr std::uint32_t native_version = 1;

std::string as_javascript_prints(std::string_view raw) { return std::string{raw.empty() ? "undefined" : raw}; }

/// The consumer's side of a subscription, not an object that anybody offers.
bool names_a_subscriber(std::string_view object) { return object.ends_with(subscriber_suffix); }

std::string_view counted_object(const Selector& selector)
{
    const std::string_view object = object_named(selector);
    return names_a_subscriber(object) ? std::string_view{} : object;
}

/// What a client says of its native side.
struct NativeOffer {
    double version = 0;
    std::optional<Window> window;
    bool channels = false, pools = false;
};

std::int64_t count_of(std::string_view raw)
{
    const double number = wire::number_of(raw).value_or(0);
    return static_cast<std::int64_t>(std::clamp(number, 0.0, 1e9));
}

Window read_window(std::string_view raw)
{
    Window window{.messages = INT32_MAX, .bytes = INT64_MAX / 2};
    wire::JsonReader reader{raw};
    std::string_view key;
    reader.open_object();
    while (reader.next_key(key)) {
        const std::string_view value = reader.skip_value();
        if (key == "messages") window.messages = count_of(value);
        if (key == "kib") window.bytes = count_of(value) * std::int64_t{wire::kibibyte};
    }
    return window;
}

void read_features(std::string_view raw, NativeOffer& into)
{
    wire::JsonReader reader{raw};
    if (raw.empty() || raw.front() != '[') return;
    reader.open_array();
    while (reader.next_element()) {
        const std::string_view feature = reader.skip_value();
        into.channels = into.channels || feature == R"("channel")";
        into.pools = into.pools || feature == R"("pool")";
    }
}

/// nullopt: nothing that the hub can take up.
std::optional<NativeOffer> read_offer(std::string_view raw)
{
    if (raw.empty() || raw.front() != '{') return std::nullopt;
    NativeOffer offer;
    wire::JsonReader reader{raw};
    std::string_view key;
    reader.open_object();
    while (reader.next_key(key)) {
        const std::string_view value = reader.skip_value();
        if (key == "v") offer.version = wire::number_of(value).value_or(0);
        if (key == "credit" && !value.empty() && value.front() == '{') offer.window = read_window(value);
        if (key == "features") read_features(value, offer);
    }
    return offer.version >= native_version ? std::optional{offer} : std::nullopt;
}

} // namespace

void Router::online(const Inbound& in)
{
    if (const auto conflict = strict_conflict(in)) {
        const Failure denied{CallEnd::denied, *conflict};
        connections_.respond(in.from, in.packet, failure_reply(denied), in.now);
        return connections_.doom(in.from, Disconnect::denied);
    }
    Peer& peer = connections_[in.from];
    peer.online = true;
    peer.wants_source = in.body.stamp == "true";
    if (!store_selector(in, in.body.host)) return;
    if (in.body.host.size() <= limits_.selector_bytes_max) {
        connections_.release(in.from, peer.host.size());
        peer.host = in.body.host;
        connections_.hold(in.from, peer.host.size());
    }
    const bool was_legacy = !peer.native;
    const auto agreed = go_native(in);
    connections_.respond(in.from, in.packet, agreed ? std::string_view{*agreed} : wire::success_reply, in.now);
    if (!agreed || !was_legacy) return;
    lose_legacy_calls(in.from, in.now);
    if (peer.draining || shutting_down_) say_goaway(in.from, in.now);
}

/// What it was given as a legacy client it can no longer answer as one. After the answer to its ONLINE_UP: what is
/// given to it again comes as native frames.
void Router::lose_legacy_calls(PeerId id, TimePoint now)
{
    const Peer& peer = connections_[id];
    const Failure gone{CallEnd::peer_gone, peer.title() + " cannot answer any more", peer.instance_name()};
    std::vector<LegId> legs;
    calls_.legs_of(id, legs);
    for (const LegId leg : legs) lose_leg(leg, {gone, "it went over to the native dialect"}, now);
}

/// In strict mode, what in its labels is not so.
std::optional<std::string> Router::strict_conflict(const Inbound& in) const
{
    const Peer& peer = connections_[in.from];
    if (!strict_ || is_own(peer.reach)) return std::nullopt;
    Selector location;
    parse_selector(in.body.host, location);
    return label_conflict(peer.identity, labels_of(location));
}

/// The answer to a client that offers the native dialect, which it speaks from then on; nullopt: it offers none.
std::optional<std::string> Router::go_native(const Inbound& in)
{
    const auto offer = read_offer(in.body.native);
    if (!offer) return std::nullopt;
    Peer& peer = connections_[in.from];
    if (!peer.native) peer.native = std::make_unique<NativeSide>();
    peer.native->window = offer->window;
    peer.native->channels = offer->channels;
    peer.native->pools = offer->pools;
    if (!is_own(peer.reach)) liveness_.connected(in.from, true, in.now);

    std::string features;
    if (offer->channels) features += R"("channel")";
    if (offer->pools) features += features.empty() ? R"("pool")" : R"(,"pool")";
    return R"({"success":true,"native":{"v":)" + std::to_string(native_version) + R"(,"handle":)" +
           std::to_string(peer.handle) + R"(,"max":)" + std::to_string(frame_bytes_max(in.from)) +
           R"(,"credit":{"messages":)" + std::to_string(limits_.calls_in_flight_max) + R"(},"clock":")" +
           std::to_string(nanoseconds(in.now)) + R"(","features":[)" + features + "]}}";
}

void Router::publish(const Inbound& in)
{
    if (store_selector(in, wire::selector_of(in.body.payload)))
        connections_.respond(in.from, in.packet, wire::success_reply, in.now);
}

/// Whether it is stored now; else the refusal has been answered.
bool Router::store_selector(const Inbound& in, std::string_view selector)
{
    Peer& peer = connections_[in.from];
    const auto fail = [&](CallEnd end, std::string message) {
        connections_.drop(in.from, end == CallEnd::invalid ? Drop::wrong_shape : drop_of(end));
        connections_.respond(in.from, in.packet, failure_reply({end, std::move(message)}), in.now);
        return false;
    };
    if (!wire::truthy(selector))
        return fail(CallEnd::invalid, "Selector is required, but got " + as_javascript_prints(selector));
    if (selector.size() > limits_.selector_bytes_max)
        return fail(CallEnd::too_large,
                    "a selector is at most " + std::to_string(limits_.selector_bytes_max) + " bytes long");
    if (routes_.holds(in.from, selector)) return true;
    if (!is_own(peer.reach) && routes_.selectors(in.from).size() >= limits_.selectors_max)
        return fail(CallEnd::busy, "a client has at most " + std::to_string(limits_.selectors_max) + " selectors");
    parse_selector(selector, asked_);
    const std::string object{counted_object(asked_)};
    if (const auto denial = may_not_publish(peer, object)) return fail(CallEnd::denied, *denial);
    if (const auto denial = may_not_hear(peer, object_named(asked_))) return fail(CallEnd::denied, *denial);

    routes_.add(in.from, peer.reach, selector);
    connections_.hold(in.from, routes_.selectors(in.from).back().bytes());
    waiters_.look_again(asked_);
    came_.push_back({peer.identity.process, object});
    if (object.empty()) return true;
    if (++peer.objects[object] == 1) {
        events_.push_back({ObjectEvent::Kind::published, peer.identity, object});
        ++objects_;
        end_denied_channels(in.from, in.now);
    }
    provider_came(in.from, object, asked_, in.now);
    return true;
}

/// Why it may not; nullopt: it may.
std::optional<std::string> Router::may_not_publish(const Peer& peer, std::string_view object)
{
    if (object.empty() || is_own(peer.reach)) return std::nullopt;
    switch (policy_.ruling(PolicyVerb::publish, peer.identity, object, {})) {
    case Ruling::denied:
        return "the app's policy does not allow " + peer.title() + " to publish " + std::string{object};
    case Ruling::allowed: return std::nullopt;
    case Ruling::unsaid: break;
    }
    const std::string_view owner = expectations_.promised_by(object);
    if (!strict_ || owner.empty() || expectations_.promises(peer.identity.process, object)) return std::nullopt;
    return std::string{object} + " is the object of the process " + std::string{owner};
}

/// The same of a legacy consumer's side of a subscription, which gets all events of the object.
std::optional<std::string> Router::may_not_hear(const Peer& peer, std::string_view subscriber)
{
    if (!names_a_subscriber(subscriber) || is_own(peer.reach)) return std::nullopt;
    const std::string_view object = subscriber.substr(0, subscriber.size() - subscriber_suffix.size());
    if (policy_.allows(PolicyVerb::subscribe, peer.identity, object, {})) return std::nullopt;
    return "the app's policy does not allow " + peer.title() + " to hear " + std::string{object};
}

void Router::offline(const Inbound& in)
{
    removed_.clear();
    routes_.forget(in.from, removed_);
    withdrawn(in.from, removed_);
    connections_.respond(in.from, in.packet, wire::success_reply, in.now);
}

void Router::unpublish(const Inbound& in)
{
    const std::string_view selector = wire::selector_of(in.body.payload);
    const auto fail = [&](std::string message) {
        connections_.drop(in.from, Drop::wrong_shape);
        connections_.respond(in.from, in.packet, failure_reply({CallEnd::invalid, std::move(message)}), in.now);
    };
    if (!routes_.has_entry(in.from)) return fail("Can not found client when forgetRelation()");
    if (selector.empty() || selector == "null")
        return fail("Cannot read properties of " + as_javascript_prints(selector) + " (reading 'clientId')");
    parse_selector(selector, asked_);
    removed_.clear();
    routes_.remove_matching(in.from, asked_, removed_);
    withdrawn(in.from, removed_);
    connections_.respond(in.from, in.packet, wire::success_reply, in.now);
}

/// Gives back what the selectors were charged, and tells of the objects that went with them.
void Router::withdrawn(PeerId id, const std::vector<RouteTable::Stored>& removed)
{
    Peer& peer = connections_[id];
    for (const RouteTable::Stored& stored : removed) {
        connections_.release(id, stored.bytes());
        waiters_.look_again(stored.selector); // whom it kept from the hub's own object
        const std::string object{counted_object(stored.selector)};
        if (object.empty()) continue;
        const auto published = peer.objects.find(object);
        assert(published != peer.objects.end());
        if (--published->second > 0) continue;
        peer.objects.erase(published);
        release_retained(id, object);
        events_.push_back({ObjectEvent::Kind::unpublished, peer.identity, object});
        --objects_;
    }
}

} // namespace pandora::hub::core
