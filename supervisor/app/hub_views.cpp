#include "supervisor/app/hub_views.hpp"

#include "hub/client/cpp/body_reader.hpp"
#include "metrics/label_text.hpp"
#include "supervisor/app/unix_time.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pandora::supervisor::app {

using hub::client::Json;

namespace {

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json to_json(const std::vector<hub::Counted>& counts)
{
    Json json = Json::object();
    for (const auto& [label, count] : counts) json[label] = count;
    return json;
}

Json parsed(const std::vector<std::string>& selectors)
{
    Json json = Json::array();
    for (const auto& selector : selectors) json.push_back(Json::parse(selector));
    return json;
}

Json counts_by_process(const hub::Stats& stats)
{
    Json json = Json::object();
    for (const auto& [process, calls, dropped] : stats.by_process)
        json[process] = {{"calls", to_json(calls)}, {"dropped", to_json(dropped)}};
    return json;
}

Json to_json(const hub::core::Party& party)
{
    if (party.client.empty()) return nullptr;
    return {{"client", party.client}, {"process", or_null(party.process)}, {"instance", party.instance}};
}

std::string_view name_of(hub::wire::Act act)
{
    using hub::wire::Act;
    switch (act) {
    case Act::call: return "invoke";
    case Act::introspect: return "introspect";
    case Act::get_property: return "get_property";
    case Act::subscribe: return "subscribe";
    case Act::unsubscribe: return "unsubscribe";
    case Act::raw: return "message";
    }
    return "message";
}

std::string_view verb_of(const hub::TapRecord& record)
{
    using Kind = hub::TapRecord::Kind;
    switch (record.kind) {
    case Kind::request:
    case Kind::failure: return name_of(record.act);
    case Kind::one_way: return record.act == hub::wire::Act::call ? "send" : name_of(record.act);
    case Kind::answer: return "reply";
    case Kind::event: return "event";
    }
    return "message";
}

Json to_json(const hub::ChannelInfo::End& end)
{
    const auto& who = end.identity;
    return {
        {"client", end.client},       {"process", or_null(who.process)},   {"instance", who.instance},
        {"pid", who.credentials.pid}, {"uid", who.credentials.uid},        {"calls", end.told.calls},
        {"errors", end.told.errors},  {"bytes_sent", end.told.bytes_sent}, {"bytes_received", end.told.bytes_received}};
}

/// Text is shown as it is where it is no JSON: what was cut off, say; or where to read it could cost the hub its stack.
Json shown(std::string_view payload, bool is_binary)
{
    constexpr std::size_t nesting_max = 64;
    auto json = is_binary ? std::nullopt : hub::client::read_body(payload, nesting_max);
    return json ? std::move(*json) : Json(metrics::label_text(payload));
}

} // namespace

Json to_json(const hub::Route& route)
{
    const auto& who = route.identity;
    return {{"client", route.client},     {"process", or_null(who.process)},     {"instance", who.instance},
            {"pid", who.credentials.pid}, {"uid", who.credentials.uid},          {"builtin", route.builtin},
            {"draining", route.draining}, {"selectors", parsed(route.selectors)}};
}

Json to_json(const hub::ClientInfo& client)
{
    const auto& who = client.identity;
    return {{"client", client.client},
            {"process", or_null(who.process)},
            {"instance", who.instance},
            {"pid", who.credentials.pid},
            {"uid", who.credentials.uid},
            {"dialect", client.native ? "native" : "legacy"},
            {"age_s", std::chrono::duration<double>(client.age).count()},
            {"queued_bytes", client.queued_bytes},
            {"queued_frames", client.queued_frames},
            {"held_bytes", client.held_bytes},
            {"in_flight", client.in_flight},
            {"outstanding", client.outstanding},
            {"selectors", parsed(client.selectors)},
            {"subscriptions", client.subscriptions},
            {"channels", client.channels},
            {"online", client.online},
            {"draining", client.draining},
            {"unready", client.unready},
            {"unresponsive", client.unresponsive},
            {"builtin", client.builtin}};
}

Json to_json(const hub::ChannelInfo& channel)
{
    return {{"channel", channel.id},
            {"object", metrics::label_text(channel.object)},
            {"age_s", std::chrono::duration<double>(channel.age).count()},
            {"caller", to_json(channel.caller)},
            {"callee", to_json(channel.callee)}};
}

Json to_json(const hub::CutInfo& cut)
{
    const auto& who = cut.identity;
    return {{"client", cut.client},     {"process", or_null(who.process)},
            {"instance", who.instance}, {"pid", who.credentials.pid},
            {"at", unix_time(cut.at)},  {"reason", hub::core::name_of(cut.reason)}};
}

Json to_json(const hub::TapRecord& record)
{
    using Kind = hub::TapRecord::Kind;
    const bool is_end = record.kind == Kind::answer || record.kind == Kind::failure;
    Json json{{"at", unix_time(record.at)},
              {"verb", verb_of(record)},
              {"from", to_json(record.from)},
              {"to", to_json(record.to)},
              {"object", metrics::label_text(record.object)},
              {"method", metrics::label_text(record.method)},
              {"status", is_end ? Json(hub::core::name_of(record.end)) : Json(nullptr)},
              {"bytes", record.bytes},
              {"duration_us", record.lasted ? Json(record.lasted->count()) : Json(nullptr)},
              {"id", record.call}};
    if (record.payload) json["payload"] = shown(*record.payload, record.binary);
    return json;
}

Json to_json(const hub::Stats& stats)
{
    return {{"connections", stats.connections},
            {"connections_total", stats.connections_total},
            {"objects", stats.objects},
            {"frames_received", stats.frames_received},
            {"frames_sent", stats.frames_sent},
            {"bytes_received", stats.bytes_received},
            {"bytes_sent", stats.bytes_sent},
            {"queued_bytes", stats.queued_bytes},
            {"calls_in_flight", stats.calls_in_flight},
            {"parked", stats.parked_calls},
            {"draining_instances", stats.draining_instances},
            {"unresponsive", stats.unresponsive_clients},
            {"subscriptions", stats.subscriptions},
            {"channels", stats.channels},
            {"channel_calls", stats.channel_calls},
            {"calls", to_json(stats.calls)},
            {"dropped", to_json(stats.dropped)},
            {"disconnects", to_json(stats.disconnects)},
            {"by_process", counts_by_process(stats)}};
}

} // namespace pandora::supervisor::app
