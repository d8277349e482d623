#include "hub/client/cpp/legacy_dialect.hpp"

#include "hub/client/cpp/body_reader.hpp"
#include "hub/client/cpp/envelope.hpp"
#include "hub/wire/json_text.hpp"

#include <array>
#include <utility>

namespace pandora::hub::client {

namespace {

/// Moves a member out of an object; `absent` where there is none.
Json take(Json& value, const char* key, Json absent)
{
    if (!value.is_object()) return absent;
    const auto found = value.find(key);
    return found == value.end() ? absent : std::move(*found);
}

constexpr std::array<std::pair<std::string_view, wire::Act>, 5> acts{{
    {envelope::invoke, wire::Act::call},
    {envelope::introspect, wire::Act::introspect},
    {envelope::get_property, wire::Act::get_property},
    {envelope::subscribe, wire::Act::subscribe},
    {envelope::unsubscribe, wire::Act::unsubscribe},
}};

std::string_view action_of(wire::Act act)
{
    for (const auto& [action, meant] : acts) {
        if (meant == act) return action;
    }
    return envelope::invoke;
}

wire::Act act_of(std::string_view action)
{
    for (const auto& [known, act] : acts) {
        if (known == action) return act;
    }
    return wire::Act::raw;
}

bool names_event(wire::Act act) { return act == wire::Act::subscribe || act == wire::Act::unsubscribe; }

/// `"propertyName"` or `"register"`, and `"data"`, of what is not an event.
void append_what(std::string& body, const Message& message)
{
    if (!message.name.empty()) {
        body += names_event(message.act) ? R"(,"register":)" : R"(,"propertyName":)";
        wire::append_json_string(body, message.name);
    }
    if (!message.content.text().empty()) body.append(R"(,"data":)").append(message.content.text());
}

void append_options(std::string& body, const Message& message)
{
    if (message.options & wire::option::idempotent) body += R"(,"idempotent":true)";
    if (message.options & wire::option::wait) body += R"(,"wait":true)";
    if (!message.sticky.empty()) {
        body += R"(,"sticky":)";
        wire::append_json_string(body, message.sticky);
    }
    if (message.trace) body.append(R"(,"trace":")").append(wire::traceparent(bytes_of(*message.trace))).append("\"");
}

std::optional<Trace> trace_member(const Json& message)
{
    const auto bytes = wire::trace_from(envelope::string_member(message, "trace"));
    return bytes ? trace_of({bytes->data(), bytes->size()}) : std::nullopt;
}

std::optional<TimePoint> deadline_member(const Json& message, TimePoint now)
{
    const Json* timeout = envelope::member(message, "timeout");
    if (!timeout || !timeout->is_number()) return std::nullopt;
    const double ms = timeout->get<double>();
    constexpr double day_ms = 86'400'000; // as the hub bounds it
    if (!(ms > 0) || ms > day_ms) return std::nullopt;
    return now + Millis{static_cast<Millis::rep>(ms)};
}

} // namespace

Encoded LegacyDialect::encode(const Message& message, std::optional<Millis> timeout) const
{
    if (message.content.binary())
        return CallError{"PandoraUnsupportedError", "bytes cannot be sent through a hub without the native dialect"};
    if (message.aim == Message::Aim::channel)
        return CallError{"PandoraUnsupportedError", "this hub opens no direct channels"};
    const bool event = message.verb == wire::Verb::event;
    if (event && message.content.text().empty())
        return CallError{"PandoraUnsupportedError", "this hub retains no events that could be taken back"};
    Selector to = message.to;
    if (event) to.object += envelope::subscriber_suffix;
    std::string body = R"({"action":")";
    body.append(envelope::msg_up).append(R"(","data":{"remote":)").append(text_of(to));
    body.append(R"(,"action":")").append(action_of(message.act)).append("\"");
    body.append(event || message.verb == wire::Verb::multi ? R"(,"broadcast":true)" : R"(,"broadcast":false)");
    if (event) {
        body.append(R"(,"propertyName":")").append(envelope::subscriber_method).append(R"(","data":[)");
        wire::append_json_string(body, message.name);
        body.append(",").append(message.content.text()).append("]");
    } else {
        append_what(body, message);
    }
    if (timeout) body.append(R"(,"timeout":)").append(std::to_string(timeout->count()));
    append_options(body, message);
    body.append(R"(,"host":)").append(host_text_);
    if (message.wants_answer) body += R"(,"needReply":true)";
    body += "}}";
    return OutFrame{.body = std::move(body)};
}

OutFrame LegacyDialect::answer(std::uint32_t packet, const Json& caller, const Outcome& outcome) const
{
    const auto package = [&] {
        if (outcome.is_absent()) return envelope::success_package(host_, caller, std::nullopt);
        if (const auto* error = std::get_if<CallError>(&outcome)) return envelope::error_package(host_, caller, *error);
        if (const auto* value = std::get_if<Json>(&outcome)) return envelope::success_package(host_, caller, *value);
        const CallError binary{"PandoraUnsupportedError", "the result is bytes, which this hub cannot pass on"};
        return envelope::error_package(host_, caller, binary);
    }();
    return {.body = envelope::text(envelope::answer_action(packet), package)};
}

Received LegacyDialect::read(std::uint32_t packet, std::string_view text, TimePoint now) const
{
    if (text.empty()) return Nothing{}; // a probe
    auto read = read_body(text, nesting_max_);
    if (!read) {
        const auto answers = answered_by(text);
        const bool asks = !answers && expects_answer(text);
        return Unreadable{.answers = answers, .asks = asks ? std::optional{packet} : std::nullopt};
    }
    Json body = std::move(*read);
    const std::string action = envelope::string_member(body, "action");
    if (const auto answered = envelope::answered_id(action))
        return JsonAnswered{*answered, take(body, "data", nullptr)};
    if (action == envelope::msg_down)
        return read_message(packet, take(body, "data", nullptr), take(body, "source", Json::object()), now);
    if (action == envelope::announce_again) return AnnounceAsked{};
    return Nothing{};
}

Received LegacyDialect::read_message(std::uint32_t packet, Json message, Json source, TimePoint now) const
{
    if (!message.is_object()) return Nothing{};
    Asked asked{.packet = packet, .call = {.params = nullptr, .source = Json::object()}};
    asked.wants_answer = envelope::truthy(envelope::member(message, "needReply"));
    asked.act = act_of(envelope::string_member(message, "action"));
    if (const Json* remote = envelope::member(message, "remote")) {
        asked.object = envelope::string_member(*remote, "objectName");
        asked.tag = envelope::string_member(*remote, "objectTag");
    }
    asked.name = envelope::string_member(message, names_event(asked.act) ? "register" : "propertyName");
    asked.call.deadline = deadline_member(message, now);
    asked.call.trace = trace_member(message);
    if (source.is_object()) asked.call.source = std::move(source);
    if (const Json* caller = envelope::member(message, "host")) asked.caller = *caller;
    if (asked.act == wire::Act::raw)
        asked.raw = std::move(message);
    else
        asked.call.params = take(message, "data", nullptr);
    return asked;
}

} // namespace pandora::hub::client
