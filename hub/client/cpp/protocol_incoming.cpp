// What the hub sends: answers to our requests, and calls to what is published here.
#include "hub/client/cpp/body_reader.hpp"
#include "hub/client/cpp/envelope.hpp"
#include "hub/client/cpp/protocol.hpp"

#include <algorithm>
#include <cassert>

namespace pandora::hub::client {

namespace {

/// Moves a member out of an object; `absent` where there is none.
Json take(Json& value, const char* key, Json absent)
{
    if (!value.is_object()) return absent;
    const auto found = value.find(key);
    return found == value.end() ? absent : std::move(*found);
}

Json introspection(const std::vector<std::string>& methods)
{
    Json listed = Json::array();
    for (const auto& name : methods) {
        Json method = Json::object();
        method["name"] = name;
        method["length"] = 0; // methods here take one array, however long
        method["type"] = "function";
        listed.push_back(std::move(method));
    }
    Json result = Json::object();
    result["properties"] = Json::array();
    result["methods"] = std::move(listed);
    return result;
}

CallError no_method(const std::string& method, const Json* remote)
{
    Json description = Json::object();
    if (remote) {
        description["name"] = envelope::string_member(*remote, "objectName");
        if (const Json* tag = envelope::member(*remote, "objectTag")) description["tag"] = *tag;
    }
    const auto object = description.dump(-1, ' ', false, Json::error_handler_t::replace);
    return {"Error", "Cannot found method called " + method + " within object " + object};
}

} // namespace

std::optional<Violation> Protocol::receive(std::span<const std::byte> bytes, TimePoint now)
{
    assert(phase_ != Phase::offline && phase_ != Phase::ended);
    reader_.append(bytes);
    while (const auto frame = reader_.next()) on_frame(*frame, now);
    const auto oversized = reader_.oversized();
    if (!oversized) return std::nullopt;
    return Violation{"the hub announced a frame of " + std::to_string(*oversized) + " bytes"};
}

void Protocol::on_frame(const Frame& frame, TimePoint now)
{
    if (frame.body.empty()) return; // a probe
    auto read = read_body(frame.body, limits_.nesting_max);
    if (!read) return on_unreadable(frame, now);
    Json body = std::move(*read);
    const std::string action = envelope::string_member(body, "action");
    if (const auto packet = envelope::answered_id(action)) {
        const auto asked = packets_.find(*packet);
        if (asked == packets_.end()) return; // answered already, or too late
        settle(asked->second, envelope::read_outcome(take(body, "data", nullptr)), now);
    } else if (action == envelope::msg_down) {
        on_message(frame.id, take(body, "data", nullptr), take(body, "source", Json::object()));
    } else if (action == envelope::announce_again && phase_ == Phase::online) {
        announce(now);
    }
}

/// Ends what waits for the frame, on whichever side: it must not cost more than the call it belongs to.
void Protocol::on_unreadable(const Frame& frame, TimePoint now)
{
    const CallError error{"PandoraMalformedFrameError", "JSON that this client cannot read"};
    if (const auto packet = answered_by(frame.body)) {
        const auto asked = packets_.find(*packet);
        if (asked != packets_.end()) settle(asked->second, error, now);
    } else if (expects_answer(frame.body)) {
        const AnswerId id{++last_answer_};
        owed_.emplace(id, Owed{frame.id, Json{}});
        answer(id, error);
    }
}

void Protocol::on_message(std::uint32_t packet, Json message, Json source)
{
    if (!message.is_object()) return;
    const auto id = owe(packet, message);
    if (!id) return;
    const std::string action = envelope::string_member(message, "action");
    if (action == envelope::echo) {
        Json echoed = Json::object();
        echoed["echo"] = std::move(message);
        return answer(*id, Outcome{std::move(echoed)});
    }
    on_object_message(*id, action, std::move(message), std::move(source));
}

void Protocol::on_object_message(AnswerId id, const std::string& action, Json message, Json source)
{
    const Json* remote = envelope::member(message, "remote");
    const std::string object = remote ? envelope::string_member(*remote, "objectName") : std::string{};
    if (action == envelope::invoke) return on_invoke(id, object, std::move(message), std::move(source));
    const auto published = objects_.find(object);
    if (published == objects_.end()) {
        return answer(id, CallError{"Error", "Cannot found object called " + object});
    }
    if (action == envelope::introspect) return answer(id, Outcome{introspection(published->second)});
    // SUBSCRIBE and UNSUBSCRIBE need nothing done, for events go to whoever publishes `<name>@subscriber`;
    // there are no properties to get; and an action that we do not know is no error to npm clients either.
    answer(id, std::nullopt);
}

void Protocol::on_invoke(AnswerId id, const std::string& object, Json message, Json source)
{
    const std::string method = envelope::string_member(message, "propertyName");
    Json params = take(message, "data", nullptr);
    if (params.is_null()) params = Json::array();
    if (object.ends_with(envelope::subscriber_suffix) && method == envelope::subscriber_method) {
        return on_notified(id, object, std::move(params));
    }
    const auto published = objects_.find(object);
    if (published == objects_.end() || std::ranges::find(published->second, method) == published->second.end()) {
        return answer(id, no_method(method, envelope::member(message, "remote")));
    }
    if (!params.is_array()) return answer(id, CallError{"TypeError", "the parameters of a call have to be an array"});
    if (!source.is_object()) source = Json::object();
    events_.emplace_back(Invoked{id, object, method, Call{std::move(params), std::move(source)}});
}

void Protocol::on_notified(AnswerId id, const std::string& object, Json params)
{
    const auto name = object.substr(0, object.size() - envelope::subscriber_suffix.size());
    const bool well_formed = params.is_array() && params.size() == 2 && params[0].is_string() && params[1].is_array();
    if (!well_formed) return answer(id, CallError{"TypeError", "an event has to be [name, [parameters]]"});
    Topic topic{name, params[0].get<std::string>()};
    // Events of an object come to all its subscribers, whatever they subscribed to.
    if (!topics_.contains(topic)) return answer(id, std::nullopt);
    events_.emplace_back(Notified{id, std::move(topic), std::move(params[1])});
}

std::optional<AnswerId> Protocol::owe(std::uint32_t packet, const Json& message)
{
    const AnswerId id{++last_answer_};
    if (!envelope::truthy(envelope::member(message, "needReply"))) return id;
    const Json* caller = envelope::member(message, "host");
    owed_.emplace(id, Owed{packet, caller ? *caller : Json{}});
    if (owed_.size() <= limits_.calls_handled_max) return id;
    answer(id, CallError{"busy", "too many calls wait for their answers here"});
    return std::nullopt;
}

void Protocol::answer(AnswerId id, std::optional<Outcome> outcome)
{
    auto node = owed_.extract(id);
    if (node.empty()) return;
    const Owed& owed = node.mapped();
    const auto body_of = [&](const Json& package) {
        return envelope::text(envelope::answer_action(owed.packet), package);
    };
    // Without the caller's labels, which may be what made the answer too long: a refusal always fits.
    const auto refuse = [&](const CallError& error) { return body_of(envelope::error_package(host_, Json{}, error)); };

    std::string body;
    if (!outcome)
        body = body_of(envelope::success_package(host_, owed.caller, std::nullopt));
    else if (const auto* error = std::get_if<CallError>(&*outcome))
        body = body_of(envelope::error_package(host_, owed.caller, *error));
    else
        body = body_of(envelope::success_package(host_, owed.caller, std::move(std::get<Json>(*outcome))));

    if (body.size() > limits_.frame_bytes_max) {
        body = refuse({"too_large", "the answer of " + std::to_string(body.size()) + " bytes is over the limit"});
    } else if (outbox_.bytes() + body.size() > limits_.queue_bytes_max) {
        body = refuse({"busy", "too many bytes wait for the hub to take them"});
    }
    push(std::move(body));
    leave_if_done();
}

} // namespace pandora::hub::client
