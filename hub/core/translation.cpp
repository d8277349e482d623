#include "hub/core/translation.hpp"

#include "hub/wire/json_reader.hpp"
#include "hub/wire/json_text.hpp"

#include <array>
#include <utility>

namespace pandora::hub::core {

namespace {

using wire::Act;

constexpr std::array<std::pair<std::string_view, Act>, 5> actions{{
    {"OBJECT_ACTION_INVOKE", Act::call},
    {"OBJECT_ACTION_INTROSPECT", Act::introspect},
    {"OBJECT_ACTION_GET_PROPERTY", Act::get_property},
    {"OBJECT_ACTION_SUBSCRIBE", Act::subscribe},
    {"OBJECT_ACTION_UNSUBSCRIBE", Act::unsubscribe},
}};

std::string_view action_of(Act act)
{
    for (const auto& [text, known] : actions)
        if (known == act) return text;
    return {};
}

/// The member that holds the method's name.
std::string_view name_member(Act act)
{
    return act == Act::subscribe || act == Act::unsubscribe ? R"("register")" : R"("propertyName")";
}

void append_member(std::string& out, std::string_view quoted_name, std::string_view raw)
{
    if (raw.empty()) return;
    if (out.back() != '{') out += ',';
    out.append(quoted_name).append(":").append(raw);
}

void append_text_member(std::string& out, std::string_view quoted_name, std::string_view text)
{
    if (text.empty()) return;
    if (out.back() != '{') out += ',';
    out.append(quoted_name).append(":");
    wire::append_json_string(out, text);
}

/// The members of a JSON object's text, without its braces.
std::string_view inside(std::string_view object)
{
    const std::string_view trimmed = object.substr(object.find('{') + 1);
    return trimmed.substr(0, trimmed.rfind('}'));
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

/// What a client's own message asks for by its `action`, the last of several.
Act act_inside(std::string_view payload)
{
    Act act = Act::raw;
    std::string key_text, action_text;
    std::string_view key;
    wire::JsonReader reader{payload};
    reader.open_object();
    while (reader.next_key(key)) {
        const std::string_view value = reader.skip_value();
        if (wire::plain(key, key_text) == "action") act = act_named(wire::text_of(value, action_text));
    }
    return act;
}

} // namespace

Act act_named(std::string_view action)
{
    for (const auto& [text, act] : actions)
        if (text == action) return act;
    return Act::raw;
}

bool has_legacy_form(const Message& message)
{
    if (message.needs_native()) return false;
    if (message.act != Act::raw) return message.payload.empty() || wire::is_json(message.payload);
    if (wire::JsonReader{message.payload}.peek() != '{' || !wire::is_json(message.payload)) return false;
    return act_inside(message.payload) == Act::raw; // what has an act of its own is judged as that
}

std::string legacy_data(const Message& message, std::string_view host)
{
    std::string out{"{"};
    out.reserve(message.payload.size() + message.remote.size() + host.size() + 256);
    // The client's own object comes first: of members that come twice the last one counts, and that is the hub's.
    if (message.act == Act::raw && !is_blank(inside(message.payload))) out.append(inside(message.payload));
    append_member(out, R"("remote")", message.remote.empty() ? std::string_view{"null"} : message.remote);
    if (message.act != Act::raw) append_text_member(out, R"("action")", action_of(message.act));
    append_member(out, R"("broadcast")", message.to_all ? "true" : "false");
    if (message.act != Act::raw) {
        append_text_member(out, name_member(message.act), message.method);
        append_member(out, R"("data")", message.payload);
    }
    const wire::Tlvs& tlvs = message.native()->tlvs;
    if (!tlvs.trace.empty()) append_text_member(out, R"("trace")", wire::traceparent(tlvs.trace));
    append_member(out, R"("host")", host);
    if (message.wants_answer) append_member(out, R"("needReply")", "true");
    out += '}';
    return out;
}

std::optional<NativeTail> native_tail(const Message& message, NameNumber selector, NameNumber method)
{
    const wire::LegacyBody& body = *message.legacy();
    NativeTail tail;
    const wire::Verb verb = !message.target  ? wire::Verb::shout
                            : message.to_all ? wire::Verb::multi
                                             : wire::Verb::invoke;
    tail.block.verb = static_cast<std::uint8_t>(verb);
    tail.block.dst = selector;
    tail.block.method = method;
    tail.block.act = static_cast<std::uint8_t>(message.act);
    tail.block.options = message.idempotent ? wire::option::idempotent : std::uint8_t{0};
    tail.payload = message.act == Act::raw ? body.data : message.payload;

    std::string scratch;
    const auto trace = wire::trace_from(wire::text_of(body.trace, scratch));
    wire::Tlvs tlvs;
    if (selector == 0 && message.remote.starts_with('{')) tlvs.selector = message.remote;
    if (method == 0) tlvs.name = message.method;
    if (trace) tlvs.trace = {trace->data(), trace->size()};
    auto encoded = wire::encode_tlvs(tlvs);
    if (!encoded) return std::nullopt;
    tail.tlvs = std::move(*encoded);
    return tail;
}

std::string legacy_reply(const Answer& answer, std::string_view host, std::string_view remote)
{
    std::string out{"{"};
    out.reserve(answer.payload.size() + host.size() + remote.size() + 64);
    append_member(out, R"("host")", host);
    append_member(out, R"("remote")", remote);
    const bool ok = answer.end == CallEnd::ok;
    append_member(out, R"("success")", ok ? "true" : "false");
    if (ok)
        append_member(out, R"("data")", answer.payload);
    else // callers test `error` for truth
        append_member(out, R"("error")", wire::truthy(answer.payload) ? answer.payload : R"({"message":"failed"})");
    out += '}';
    return out;
}

std::string legacy_event(std::string_view object, std::string_view tag, std::string_view event, std::string_view params,
                         std::string_view host)
{
    std::string out{R"({"remote":{)"};
    std::string subscriber{object};
    append_text_member(out, R"("objectTag")", tag);
    append_text_member(out, R"("objectName")", subscriber.append(subscriber_suffix));
    out += R"(},"action":"OBJECT_ACTION_INVOKE","broadcast":true,"propertyName":"callback","data":[)";
    wire::append_json_string(out, event);
    out.append(",").append(params.empty() ? "[]" : params).append("]");
    append_member(out, R"("host")", host);
    out += '}';
    return out;
}

std::optional<LegacyEvent> read_legacy_event(std::string_view payload)
{
    if (payload.empty() || payload.front() != '[') return std::nullopt;
    wire::JsonReader reader{payload};
    LegacyEvent read;
    reader.open_array();
    if (!reader.next_element()) return std::nullopt;
    read.event = reader.skip_value();
    if (read.event.empty() || read.event.front() != '"') return std::nullopt;
    if (reader.next_element()) read.params = reader.skip_value();
    if (reader.failed()) return std::nullopt;
    return read;
}

} // namespace pandora::hub::core
