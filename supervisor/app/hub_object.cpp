#include "supervisor/app/hub_object.hpp"

#include "supervisor/app/hub_knowledge.hpp"
#include "supervisor/app/hub_views.hpp"
#include "supervisor/control/hub_messages.hpp"
#include "supervisor/control/rights.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace pandora::supervisor::app {

using hub::client::Call;
using hub::client::Json;
using hub::client::Reply;

namespace {

// A drain that is longer than any worker's grace is a mistake; the bound keeps deadlines far from overflow.
constexpr std::int64_t patience_ms_max = 24 * 3600 * 1000;

// Of wait_for: as long as a call has by default.
constexpr std::optional<std::chrono::milliseconds> default_patience{5'000};

std::optional<hub::InstanceName> instance_from(const Json& params)
{
    const Json& named = params.empty() ? params : params[0];
    if (!named.is_object()) return std::nullopt;
    const auto process = named.value("process", Json{});
    const auto instance = named.value("instance", Json{});
    if (!process.is_string() || !instance.is_number_unsigned() || instance.get<std::uint64_t>() > UINT32_MAX)
        return std::nullopt;
    return hub::InstanceName{process.get<std::string>(), instance.get<std::uint32_t>()};
}

std::optional<std::chrono::milliseconds> patience_from(const Json& params)
{
    if (params.size() < 2 || !params[1].is_number_integer()) return std::nullopt;
    const auto time = params[1].get<std::int64_t>();
    return time >= 0 && time <= patience_ms_max ? std::optional{std::chrono::milliseconds{time}} : std::nullopt;
}

/// A text is the name of an object.
std::optional<std::string> selector_from(const Json& params)
{
    if (params.empty()) return std::nullopt;
    if (params[0].is_string()) return Json{{"objectName", params[0]}}.dump();
    return params[0].is_object() ? std::optional{params[0].dump()} : std::nullopt;
}

void tell(const Reply& reply, const hub::WaitEnd& end)
{
    if (const auto* clients = std::get_if<std::uint32_t>(&end)) return reply.value({{"clients", *clients}});
    const auto& failure = std::get<hub::Failure>(end);
    reply.error(failure.message, std::string{name_of(failure.end)});
}

/// The hub stamps the caller, and only the link that the supervisor itself set up is stamped with this name.
bool comes_from_supervisor(const Call& call)
{
    return call.source.value("process", Json{}) == control::supervisor_process_name;
}

} // namespace

constexpr HubObject::Method HubObject::methods[] = {
    {"routes", "[{all}] the connections and what they are called; all: pandora's own, too", &HubObject::routes},
    {"clients", "what the hub has for each connection and waits for from it, and whom it has cut lately, and why",
     &HubObject::clients},
    {"channels", "the direct channels, and what both ends have told of each", &HubObject::channels},
    {"stats", "the hub's counters", &HubObject::stats},
    {"online", "{process, instance}: the pids whose connections of that instance are online", &HubObject::online},
    {"wait_for", "object or selector, milliseconds: answered as soon as somebody serves it", &HubObject::wait_for},
    {"monitor", "{payload}: shows the payloads in the event `traffic` for a minute; not for workers",
     &HubObject::monitor},
    {"ping", "answers", &HubObject::ping},
    {"help", "this", &HubObject::help},
    {"drain", "{process, instance}, milliseconds: the supervisor only; keeps new calls away from an instance",
     &HubObject::drain},
    {"undrain", "{process, instance}: the supervisor only; the instance is served again", &HubObject::undrain},
    {"heard", "[news]: the supervisor only; what becomes of instances", &HubObject::heard},
};

HubObject::HubObject(boost::asio::io_context& io, hub::Hub& hub, hub::client::Client& client, uid_t owner)
    : hub_{hub}, owner_{owner}, traffic_{io, hub, client}
{
    hub::client::Methods published;
    for (const auto& method : methods)
        published[method.name] = [this, answer = method.answer](const Call& call, const Reply& reply) {
            (this->*answer)(call, reply);
        };
    client.publish(control::hub_object_name, std::move(published));
}

void HubObject::stats(const Call&, const Reply& reply) { reply.value(to_json(hub_.stats())); }

void HubObject::ping(const Call&, const Reply& reply) { reply.value(nullptr); }

void HubObject::help(const Call&, const Reply& reply)
{
    Json texts = Json::object();
    for (const auto& method : methods) texts[method.name] = method.help;
    reply.value(std::move(texts));
}

void HubObject::online(const Call& call, const Reply& reply)
{
    const auto name = instance_from(call.params);
    if (!name) return reply.error("online takes {process, instance}", "TypeError");
    reply.value(Json(hub_.online_pids(*name)));
}

void HubObject::drain(const Call& call, const Reply& reply)
{
    if (!comes_from_supervisor(call)) return reply.error("only the supervisor may drain an instance", "denied");
    const auto name = instance_from(call.params);
    const auto time = patience_from(call.params);
    if (!name || !time) return reply.error("drain takes {process, instance} and milliseconds", "TypeError");
    hub_.drain(*name, *time, [reply](std::uint32_t in_flight) {
        reply.value({{"drained", in_flight == 0}, {"in_flight", in_flight}});
    });
}

void HubObject::undrain(const Call& call, const Reply& reply)
{
    if (!comes_from_supervisor(call)) return reply.error("only the supervisor may end a drain", "denied");
    const auto name = instance_from(call.params);
    if (!name) return reply.error("undrain takes {process, instance}", "TypeError");
    hub_.undrain(*name);
    reply.value(nullptr);
}

void HubObject::heard(const Call& call, const Reply& reply)
{
    if (!comes_from_supervisor(call)) return reply.error("only the supervisor may say what becomes of it", "denied");
    for (const auto& news : call.params.at(0)) hear(hub_, news.get<control::InstanceNews>());
    reply.value(nullptr);
}

void HubObject::wait_for(const Call& call, const Reply& reply)
{
    const auto selector = selector_from(call.params);
    const auto patience = call.params.size() > 1 ? patience_from(call.params) : default_patience;
    if (!selector || !patience)
        return reply.error("wait_for takes an object or a selector, and milliseconds", "TypeError");
    const auto until = hub::client::TimePoint::clock::now() + *patience;
    const auto wait = hub_.wait_for(call.sender, *selector, std::min(until, call.deadline.value_or(until)),
                                    [reply](const hub::WaitEnd& end) { tell(reply, end); });
    call.on_cancel([&hub = hub_, asker = call.sender, wait] { hub.stop_waiting(asker, wait); });
}

void HubObject::monitor(const Call& call, const Reply& reply)
{
    const bool wants_payloads =
        !call.params.empty() && call.params[0].is_object() && call.params[0].value("payload", Json{}) == true;
    if (wants_payloads) {
        if (const auto refused = control::denied(call.source, owner_)) return reply.error(refused->why, "denied");
        traffic_.show_payloads();
    }
    traffic_.look();
    reply.value(nullptr);
}

void HubObject::clients(const Call&, const Reply& reply)
{
    Json clients = Json::array();
    for (const auto& client : hub_.clients()) clients.push_back(to_json(client));
    Json cut = Json::array();
    for (const auto& each : hub_.cuts()) cut.push_back(to_json(each));
    reply.value({{"clients", std::move(clients)}, {"cut", std::move(cut)}});
}

void HubObject::channels(const Call&, const Reply& reply)
{
    Json channels = Json::array();
    for (const auto& channel : hub_.channels()) channels.push_back(to_json(channel));
    reply.value(std::move(channels));
}

/// The route table without the connection that asks and, unless `{"all": true}`, without built-in ones.
void HubObject::routes(const Call& call, const Reply& reply)
{
    const bool all = !call.params.empty() && call.params.at(0).is_object() && call.params.at(0).value("all", false);
    const auto asker = call.source.value("client", std::string{});
    Json found = Json::array();
    for (const auto& route : hub_.routes())
        if (route.client != asker && (all || !route.builtin)) found.push_back(to_json(route));
    reply.value(std::move(found));
}

} // namespace pandora::supervisor::app
