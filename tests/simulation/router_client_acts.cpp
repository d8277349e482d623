// What a client of the simulation does.
#include "tests/simulation/router_client.hpp"
#include "tests/unit/hub/core/router_harness.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pandora::hub::core::simulation {

namespace {

using testing::RouterHarness;
using wire::ControlVerb;
using wire::Verb;

constexpr std::uint64_t pool_bytes = 64 << 20;
constexpr std::size_t own_pools_max = 2;

} // namespace

// --- frames ------------------------------------------------------------------------------------------------------

void Client::send_json(std::uint32_t id, const std::string& body)
{
    stage_.router.receive(peer_, {{0, id, static_cast<std::uint32_t>(body.size())}, body}, stage_.now);
}

void Client::put(std::uint8_t flags, std::uint32_t id, const wire::RoutingBlock& block, const wire::Tlvs& tlvs,
                 std::string_view payload, std::span<const Fd> fds)
{
    wire::RoutingBlock stated = block;
    stated.nfds = static_cast<std::uint8_t>(fds.size());
    const auto head = wire::encode_head(stated, tlvs);
    require(head.has_value(), "the simulation's own TLVs are too long");
    const std::string body = *head + std::string{payload};
    const auto all = static_cast<std::uint8_t>(flags | wire::flag::native | (fds.empty() ? 0 : wire::flag::fds));
    stage_.router.receive(peer_, {{all, id, static_cast<std::uint32_t>(body.size())}, body}, fds, stage_.now);
}

void Client::control(ControlVerb verb, std::uint32_t id, wire::RoutingBlock block, const wire::Tlvs& tlvs,
                     std::string_view payload, std::span<const Fd> fds)
{
    block.verb = static_cast<std::uint8_t>(verb);
    const std::uint8_t kind = testing::is_request(verb) ? wire::flag::request : wire::flag::oneway;
    put(wire::flag::control | kind, id, block, tlvs, payload, fds);
}

/// The packet id of a new question.
std::uint32_t Client::question(Question question)
{
    questions_.emplace(++packet_, std::move(question));
    return packet_;
}

std::string Client::filling(char of)
{
    return stage_.dice.one_in(6) ? std::string(stage_.dice.pick(20'000), of) : std::string{};
}

// --- everything at random ----------------------------------------------------------------------------------------

void Client::act()
{
    const std::uint64_t what = stage_.dice.pick(100);
    if (!online_ && what < 50) return go_online();
    if (what < 15) return register_something();
    if (what < 50) return ask();
    if (what < 70) return tell_event();
    if (what < 78) return change_subscription();
    if (!native_) return ask();
    if (what < 82) return cancel_something();
    if (what < 85) return wait_for();
    if (what < 88) return open_channel();
    if (what < 94) return use_pools();
    if (what < 97) return intern();
    control(ControlVerb::credit, 0, {.credit = returned_credit()}, {});
}

void Client::go_online()
{
    Dice& dice = stage_.dice;
    const bool offers = wants_native_;
    stamped_ = stamped_ || dice.one_in(2);
    std::string body = R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"processName":"n)" +
                       std::to_string(dice.pick(2)) + "\"}" + (stamped_ ? R"(,"stamp":true)" : "");
    if (offers) {
        body += R"(,"native":{"v":1,"features":["channel","pool"])";
        pools_ = true;
        messages_left_.reset();
        bytes_left_.reset();
        if (dice.one_in(3)) {
            const auto messages = dice.pick(8), kib = 1 + dice.pick(20);
            messages_left_ = static_cast<std::int64_t>(messages);
            bytes_left_ = static_cast<std::int64_t>(kib * wire::kibibyte);
            body += R"(,"credit":{"messages":)" + std::to_string(messages) + R"(,"kib":)" + std::to_string(kib) + "}";
        }
        body += '}';
    }
    const auto then = [this, offers](bool ok, const wire::RoutingBlock&) {
        online_ = online_ || ok;
        if (!ok || !offers) return;
        native_ = true;
        ++stage_.ledger.tally.natives;
        owed_.clear(); // what it was asked as a legacy client it cannot answer any more
    };
    send_json(question({.then = then}), body + "}}");
    read_all(); // nothing may be sent before the hub has said which dialect it is
}

void Client::register_something()
{
    Dice& dice = stage_.dice;
    const std::uint64_t what = dice.pick(10);
    if (what < 8) return publish(some_object(dice));
    if (what < 9 || dice.one_in(2)) return withdraw();
    go_offline();
}

void Client::publish(const std::string& object)
{
    attempted_.insert(object);
    const auto then = [this, object, before = withdrawals_](bool ok, const wire::RoutingBlock&) {
        if (ok && before == withdrawals_) publishes_.insert(object);
    };
    const std::string selector = R"({"objectName":")" + object + R"(","pid":)" + std::to_string(stage_.dice.pick(3)) +
                                 (stage_.dice.one_in(4) ? R"(,"objectTag":"t")" : "") + "}";
    send_json(question({.then = then}), RouterHarness::publish(selector));
}

/// In the legacy dialect a subscriber publishes something, too.
void Client::listen(const std::string& object)
{
    const auto then = [this, object](bool ok, const wire::RoutingBlock&) {
        if (ok) hearing_.listens(object, true);
    };
    send_json(question({.then = then}), RouterHarness::publish(selector_of(object + "@subscriber")));
}

void Client::withdraw()
{
    const std::string object = some_object(stage_.dice);
    if (stage_.dice.one_in(3)) {
        const auto then = [this, object](bool, const wire::RoutingBlock&) { hearing_.listens(object, false); };
        return send_json(question({.then = then}), RouterHarness::unpublish(selector_of(object + "@subscriber")));
    }
    ++withdrawals_;
    publishes_.erase(object);
    attempted_.erase(object);
    send_json(question({}), RouterHarness::unpublish(selector_of(object)));
}

void Client::go_offline()
{
    ++withdrawals_;
    publishes_.clear();
    attempted_.clear();
    const auto then = [this](bool, const wire::RoutingBlock&) {
        for (const char* object : {"a", "b", "c", "d"}) hearing_.listens(object, false);
    };
    send_json(question({.then = then}), R"({"action":"PANDORA_HUB_ACTION_OFFLINE_UP"})");
}

// --- events ------------------------------------------------------------------------------------------------------

void Client::tell_event()
{
    Dice& dice = stage_.dice;
    const std::string object = some_object(dice);
    const bool retained = native_ && dice.one_in(4);
    const std::string event = (retained ? "r" : "e") + std::to_string(dice.pick(3));
    if (publishes_.contains(object)) {
        ++stage_.ledger.tally.events;
        if (retained && dice.one_in(10)) return send_event(object, event, ""); // removes the last value
        return tell_event_as(object, event, {number_, ++told_[{object, event}]});
    }
    if (!attempted_.contains(object) && dice.one_in(8)) tell_event_as(object, event, {number_, 0}); // an impostor
}

void Client::tell_event_as(const std::string& object, const std::string& event, const Mark& mark)
{
    Dice& dice = stage_.dice;
    const std::string params = "[\"" + text_of(mark) + std::string(dice.one_in(4) ? dice.pick(2'000) : 0, 'z') + "\"]";
    if (!native_)
        return send_json(++packet_, R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":)" +
                                        selector_of(object + "@subscriber") +
                                        R"(,"action":"OBJECT_ACTION_INVOKE","propertyName":"callback","data":[")" +
                                        event + "\"," + params + R"(],"broadcast":true}})");
    send_event(object, event, params);
}

void Client::send_event(const std::string& object, const std::string& event, std::string_view params)
{
    wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(Verb::event)};
    wire::Tlvs tlvs;
    const std::string selector = selector_of(object);
    name_target(selector, event, block, tlvs);
    if (is_retained(event)) {
        block.options = wire::option::retain;
        ++stage_.ledger.tally.retained;
    }
    put(0, 0, block, tlvs, params);
}

void Client::change_subscription()
{
    Dice& dice = stage_.dice;
    const std::string object = some_object(dice);
    if (!native_) return listen(object);
    const std::array<std::string, 7> filters{"e0", "e1", "e*", "r*", "r0", "*", ""};
    TopicFilter filter{object, filters[dice.pick(filters.size())]};
    return dice.one_in(3) ? unsubscribe(filter) : subscribe(filter);
}

void Client::subscribe(const TopicFilter& filter)
{
    const auto overflow = static_cast<Overflow>(stage_.dice.one_in(10) ? 3 : stage_.dice.pick(3));
    wire::RoutingBlock block{.credit = stage_.dice.pick32(5), .act = static_cast<std::uint8_t>(overflow)};
    wire::Tlvs tlvs;
    const std::string selector = selector_of(filter.object);
    name_target(selector, filter.event, block, tlvs);
    const TopicFilter known{filter.object, filter.event == "*" ? "" : filter.event};
    const auto then = [this, known, overflow](bool ok, const wire::RoutingBlock&) {
        if (ok) hearing_.subscribed(known, overflow);
    };
    control(ControlVerb::subscribe, question({.then = then}), block, tlvs);
}

void Client::unsubscribe(const TopicFilter& filter)
{
    wire::RoutingBlock block;
    wire::Tlvs tlvs;
    const std::string selector = selector_of(filter.object);
    name_target(selector, filter.event, block, tlvs);
    const TopicFilter known{filter.object, filter.event == "*" ? "" : filter.event};
    const auto then = [this, known](bool ok, const wire::RoutingBlock&) {
        if (ok) hearing_.unsubscribed(known);
    };
    control(ControlVerb::unsubscribe, question({.then = then}), block, tlvs);
}

// --- channels, pools, credit ---------------------------------------------------------------------------------------

void Client::open_channel()
{
    const std::string selector = selector_of(some_object(stage_.dice));
    control(ControlVerb::open_channel, question({}), {}, {.selector = selector});
    if (stage_.dice.one_in(2)) channel_ends_.clear();
}

void Client::use_pools()
{
    Dice& dice = stage_.dice;
    if (!borrowed_.empty() && !dice.one_in(3)) return release_something();
    if (!own_pools_.empty() && dice.one_in(4)) {
        control(ControlVerb::pool, 0, {.dst = *own_pools_.begin()}, {});
        own_pools_.erase(own_pools_.begin());
        return;
    }
    if (own_pools_.size() >= own_pools_max) return;
    const std::uint32_t number = 1 + dice.pick32(100);
    if (!own_pools_.insert(number).second) return;
    ++stage_.ledger.tally.pools;
    const std::array<Fd, 1> fds{stage_.ledger.make_fd()};
    control(ControlVerb::pool, 0, {.dst = number, .deadline = pool_bytes}, {}, {}, fds);
}

void Client::release_something()
{
    const Place place = borrowed_.back();
    borrowed_.pop_back();
    control(ControlVerb::release, 0, {.dst = place.pool, .src = place.owner, .method = place.offset}, {});
}

/// What it has been sent and done with since the last time.
std::uint32_t Client::returned_credit()
{
    const auto kib = static_cast<std::uint16_t>(bytes_done_ / wire::kibibyte + 1);
    const auto messages = static_cast<std::uint16_t>(std::exchange(messages_done_, 0));
    bytes_done_ = 0;
    if (messages_left_) {
        *messages_left_ += messages;
        *bytes_left_ += std::int64_t{kib} * std::int64_t{wire::kibibyte};
    }
    return wire::credit_of(kib, messages);
}

// --- nonsense ----------------------------------------------------------------------------------------------------

void Client::talk_nonsense()
{
    if (native_ && !stage_.dice.one_in(3)) return nonsense_native();
    nonsense_legacy();
}

void Client::nonsense_legacy()
{
    const std::array<std::string, 9> bodies{"{",
                                            "",
                                            "null",
                                            R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":7})",
                                            R"({"action":"PANDORA_HUB_ACTION_PUBLISH_UP"})",
                                            "\xFF",
                                            R"({"action":"x"})",
                                            R"({"action":"response_callback_7"})",
                                            R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":)"
                                            R"("\ud800"},"propertyName":"\udfff","action":"OBJECT_ACTION_INVOKE"}})"};
    // An id of its own, so that the answer to nonsense is not taken for that of a call.
    send_json(++packet_, bodies[stage_.dice.pick(bodies.size())]);
    const std::size_t begun = stage_.dice.one_in(8) ? stage_.dice.pick(5'000) : 0;
    const std::size_t fds = begun > 0 && native_ ? stage_.dice.pick(4) : 0;
    stage_.router.note_input(peer_, stage_.dice.one_in(2), begun, fds, stage_.now);
}

void Client::nonsense_native()
{
    namespace flag = wire::flag;
    Dice& dice = stage_.dice;
    const std::string selector = selector_of(some_object(dice));
    const std::uint32_t wrong = 1'000 + dice.pick32(~0U - 1'000);
    const std::uint32_t id = ++packet_;
    const auto verb = [](auto which) { return static_cast<std::uint8_t>(which); };
    switch (dice.pick(12)) {
    case 0: return put(flag::request, id, {.dst = wrong}, {.selector = selector}, "[]");
    case 1: return put(flag::request, id, {.method = wrong}, {.selector = selector, .name = "m"}, "[]");
    case 2: return put(flag::oneway, id, {.verb = verb(Verb::shout), .dst = wrong}, {.selector = "{"}, "[]");
    case 3: return put(flag::oneway, id, {.verb = verb(Verb::shout)}, {.selector = "no JSON"}, "[]");
    case 4: return put(flag::request, id, {.verb = verb(Verb::event)}, {.selector = selector, .name = "e0"}, "[]");
    case 5: return put(flag::request, id, {}, {.selector = selector, .name = "\xFF\xC0"}, "[]");
    case 6: return put(flag::request, id, {.options = 0xF0, .act = 77}, {.selector = selector}, "[");
    case 7:
        return put(flag::control | flag::request, id, {.verb = static_cast<std::uint8_t>(18 + dice.pick(200))}, {}, "");
    case 8:
        return put(flag::control | flag::request, id,
                   {.verb = verb(ControlVerb::subscribe), .dst = wrong, .method = wrong},
                   {.selector = selector, .name = "e0"}, "");
    case 9:
        return put(flag::control | flag::request, id, {.verb = verb(ControlVerb::intern), .act = 1}, {},
                   "\xED\xA0\x80");
    case 10: return put(0, wrong, {.verb = verb(Verb::reply), .status = 99}, {}, "null");
    default: break;
    }
    if (!dice.one_in(4)) return;
    const std::array broken{flag::reserved, static_cast<std::uint8_t>(flag::oneway | flag::request), flag::fds};
    put(broken[dice.pick(broken.size())], id, {.nfds = 1}, {}, ""); // ends the connection
}

} // namespace pandora::hub::core::simulation
