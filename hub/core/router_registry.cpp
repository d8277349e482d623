// The router's verbs about who is who: online, offline, publish, unpublish. Each is always answered.
#include "hub/core/router.hpp"
#include "hub/wire/json_reader.hpp"

#include <cassert>

namespace pandora::hub::core {

namespace {

std::string as_javascript_prints(std::string_view raw) { return std::string{raw.empty() ? "undefined" : raw}; }

/// The consumer's side of a subscription, not an object that anybody offers.
bool names_a_subscriber(std::string_view object) { return object.ends_with("@subscriber"); }

std::string_view counted_object(const Selector& selector)
{
    const std::string_view object = object_named(selector);
    return names_a_subscriber(object) ? std::string_view{} : object;
}

} // namespace

void Router::online(const Inbound& in)
{
    Peer& peer = at(in.from);
    peer.online = true;
    peer.wants_source = in.body.stamp == "true";
    store_selector(in, in.body.host);
}

void Router::publish(const Inbound& in) { store_selector(in, wire::selector_of(in.body.payload)); }

void Router::store_selector(const Inbound& in, std::string_view selector)
{
    Peer& peer = at(in.from);
    const auto fail = [&](std::string_view name, std::string_view message) {
        counters_.dropped.add(Drop::wrong_shape);
        respond(in.from, in.packet, wire::failure_reply(name, message), in.now);
    };
    if (!wire::truthy(selector)) return fail({}, "Selector is required, but got " + as_javascript_prints(selector));
    if (selector.size() > limits_.selector_bytes_max)
        return fail("PandoraTooLargeError",
                    "a selector is at most " + std::to_string(limits_.selector_bytes_max) + " bytes long");
    if (!routes_.holds(in.from, selector)) {
        if (peer.reach == Reach::ordinary && routes_.selectors(in.from).size() >= limits_.selectors_max)
            return fail("PandoraBusyError",
                        "a client has at most " + std::to_string(limits_.selectors_max) + " selectors");
        parse_selector(selector, asked_);
        const std::string_view object = counted_object(asked_);
        if (!object.empty() && ++peer.objects[std::string{object}] == 1) {
            events_.push_back({ObjectEvent::Kind::published, peer.identity, std::string{object}});
            ++objects_;
        }
        routes_.add(in.from, peer.reach, selector);
        hold(in.from, selector.size());
    }
    respond(in.from, in.packet, wire::success_reply, in.now);
}

void Router::offline(const Inbound& in)
{
    removed_.clear();
    routes_.forget(in.from, removed_);
    withdrawn(in.from, removed_);
    respond(in.from, in.packet, wire::success_reply, in.now);
}

void Router::unpublish(const Inbound& in)
{
    const std::string_view selector = wire::selector_of(in.body.payload);
    const auto fail = [&](std::string_view message) {
        counters_.dropped.add(Drop::wrong_shape);
        respond(in.from, in.packet, wire::failure_reply({}, message), in.now);
    };
    if (!routes_.has_entry(in.from)) return fail("Can not found client when forgetRelation()");
    if (selector.empty() || selector == "null")
        return fail("Cannot read properties of " + as_javascript_prints(selector) + " (reading 'clientId')");
    parse_selector(selector, asked_);
    removed_.clear();
    routes_.remove_matching(in.from, asked_, removed_);
    withdrawn(in.from, removed_);
    respond(in.from, in.packet, wire::success_reply, in.now);
}

/// Gives back what the selectors were charged, and tells of the objects that went with them.
void Router::withdrawn(PeerId id, const std::vector<RouteTable::Stored>& removed)
{
    Peer& peer = at(id);
    for (const RouteTable::Stored& stored : removed) {
        release(id, stored.text.size());
        const std::string_view object = counted_object(stored.selector);
        if (object.empty()) continue;
        const auto published = peer.objects.find(std::string{object});
        assert(published != peer.objects.end());
        if (--published->second > 0) continue;
        peer.objects.erase(published);
        events_.push_back({ObjectEvent::Kind::unpublished, peer.identity, std::string{object}});
        --objects_;
    }
}

} // namespace pandora::hub::core
