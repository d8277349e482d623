#include "hub/wire/legacy_json.hpp"

#include "hub/wire/frame.hpp"
#include "hub/wire/json_reader.hpp"
#include "hub/wire/json_text.hpp"

#include <simdjson.h>

namespace pandora::hub::wire {

namespace {

constexpr std::string_view response_prefix = "response_callback_";

using Member = std::string_view LegacyBody::*;

struct NamedMember {
    std::string_view name;
    Member member;
};

/// Sorted by length, which tells most of them apart.
constexpr std::array<NamedMember, 17> members{{
    {"data", &LegacyBody::payload},
    {"host", &LegacyBody::host},
    {"wait", &LegacyBody::wait},
    {"error", &LegacyBody::error},
    {"stamp", &LegacyBody::stamp},
    {"trace", &LegacyBody::trace},
    {"action", &LegacyBody::asked},
    {"native", &LegacyBody::native},
    {"remote", &LegacyBody::remote},
    {"sticky", &LegacyBody::sticky},
    {"success", &LegacyBody::success},
    {"timeout", &LegacyBody::timeout},
    {"register", &LegacyBody::event},
    {"broadcast", &LegacyBody::broadcast},
    {"needReply", &LegacyBody::need_reply},
    {"idempotent", &LegacyBody::idempotent},
    {"propertyName", &LegacyBody::property},
}};

Member member_named(std::string_view key)
{
    for (const auto& [name, member] : members) {
        if (name.size() < key.size()) continue;
        if (name.size() > key.size()) return nullptr;
        if (name == key) return member;
    }
    return nullptr;
}

/// Reads the object `data` at the reader's place and keeps its known members. False if it is malformed.
bool read_members(JsonReader& reader, LegacyBody& into, std::string& scratch)
{
    std::string_view key;
    if (!reader.open_object()) return false;
    while (reader.next_key(key)) {
        const std::string_view value = reader.skip_value();
        if (const auto member = member_named(plain(key, scratch))) into.*member = value;
    }
    return !reader.failed();
}

/// Keeps what an earlier member named `data` may have left out of the way: the last one counts.
void forget_data(LegacyBody& body)
{
    const LegacyAction action = body.action;
    body = {};
    body.action = action;
}

bool read_data(JsonReader& reader, std::string_view text, LegacyBody& into, std::string& scratch)
{
    forget_data(into);
    if (reader.peek() != '{') {
        into.data = reader.skip_value();
        return !reader.failed();
    }
    const std::size_t begin = reader.position();
    if (!read_members(reader, into, scratch)) return false;
    into.data = text.substr(begin, reader.position() - begin);
    return true;
}

void classify(std::string_view action, LegacyBody& body)
{
    using enum LegacyAction;
    static constexpr std::array<std::pair<std::string_view, LegacyAction>, 5> actions{{
        {"PANDORA_HUB_ACTION_MSG_UP", message},
        {"PANDORA_HUB_ACTION_ONLINE_UP", online},
        {"PANDORA_HUB_ACTION_OFFLINE_UP", offline},
        {"PANDORA_HUB_ACTION_PUBLISH_UP", publish},
        {"PANDORA_HUB_ACTION_UNPUBLISH_UP", unpublish},
    }};
    for (const auto& [name, value] : actions) {
        if (name != action) continue;
        body.action = value;
        return;
    }
    if (!action.starts_with(response_prefix)) return;
    const std::string_view digits = action.substr(response_prefix.size());
    if (digits.starts_with('0')) return; // "007" names another event than "7"
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (error != std::errc{} || end != digits.data() + digits.size() || id > packet_id_max) return;
    body.action = reply;
    body.answers = id;
}

} // namespace

std::variant<LegacyBody, Malformed, NoEnvelope> parse_legacy(std::string_view text)
{
    if (!simdjson::validate_utf8(text)) return Malformed{};
    JsonReader reader{text};
    if (reader.peek() != '{') {
        reader.skip_value();
        if (reader.failed() || !reader.at_end()) return Malformed{};
        return NoEnvelope{};
    }

    LegacyBody body;
    std::string scratch;
    std::string_view key, action;
    reader.open_object();
    while (reader.next_key(key)) {
        const std::string_view name = plain(key, scratch);
        if (name == "data") {
            if (!read_data(reader, text, body, scratch)) return Malformed{};
            continue;
        }
        const bool is_action = name == "action";
        const std::string_view value = reader.skip_value();
        if (is_action) action = value;
    }
    if (reader.failed() || !reader.at_end()) return Malformed{};
    if (action.empty() || action.front() != '"') return NoEnvelope{};
    classify(plain(action.substr(1, action.size() - 2), scratch), body);
    return body;
}

bool is_text(std::string_view text) { return simdjson::validate_utf8(text); }

bool is_json(std::string_view text)
{
    if (!simdjson::validate_utf8(text)) return false;
    JsonReader reader{text};
    reader.skip_value();
    return !reader.failed() && reader.at_end();
}

std::string_view selector_of(std::string_view payload)
{
    std::string_view key, selector;
    std::string scratch;
    if (payload.empty() || payload.front() != '{') return {};
    JsonReader reader{payload};
    reader.open_object();
    while (reader.next_key(key)) {
        const std::string_view value = reader.skip_value();
        if (plain(key, scratch) == "selector") selector = value;
    }
    return selector;
}

std::size_t BodyPieces::bytes() const
{
    std::size_t sum = 0;
    for (const std::string_view piece : pieces()) sum += piece.size();
    return sum;
}

BodyPieces message_down(std::string_view source, std::string_view data)
{
    BodyPieces body;
    body.add(R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN")");
    if (!source.empty()) {
        body.add(R"(,"source":)");
        body.add(source);
    }
    body.add(R"(,"data":)");
    body.add(data);
    body.add("}");
    return body;
}

BodyPieces response(const PacketDigits& id, std::string_view data)
{
    BodyPieces body;
    body.add(R"({"action":"response_callback_)");
    body.add(id.view());
    if (data.empty()) {
        body.add("\"}");
        return body;
    }
    body.add(R"(","data":)");
    body.add(data);
    body.add("}");
    return body;
}

void append_error(std::string& out, std::string_view name, std::string_view message)
{
    std::string stack{name.empty() ? "Error" : name};
    stack.append(": ").append(message);
    out += R"({"stack":)";
    append_json_string(out, stack);
    out += R"(,"message":)";
    append_json_string(out, message);
    if (!name.empty()) {
        out += R"(,"name":)";
        append_json_string(out, name);
    }
    out += '}';
}

std::string failure_reply(std::string_view name, std::string_view message, std::string_view remote)
{
    std::string out;
    if (!remote.empty())
        out.append(R"({"remote":)").append(remote).append(R"(,"success":false,"error":)");
    else
        out = R"({"success":false,"error":)";
    append_error(out, name, message);
    out += '}';
    return out;
}

} // namespace pandora::hub::wire
