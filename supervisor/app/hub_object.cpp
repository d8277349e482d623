#include "supervisor/app/hub_object.hpp"

#include "supervisor/app/hub_knowledge.hpp"
#include "supervisor/app/hub_views.hpp"
#include "supervisor/control/hub_messages.hpp"
#include "supervisor/control/rights.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace pandora::supervisor::app {

using hub::client::Call;
using hub::client::Json;
using hub::client::Reply;

namespace {

constexpr const char* hub_object_name = "pandora.hub";

// A drain that is longer than any worker's grace is a mistake; the bound keeps deadlines far from overflow.
constexpr std::int64_t patience_ms_max = 24 * 3600 * 1000;

// Of wait_for: as long as a call has by default.
constexpr std::optional<std::chrono::milliseconds> default_patience{5'000};

/// The method, and what `help` says of it.
constexpr std::pair<const char*, const char*> help_texts[] = {
    {"routes", "[{all}] the connections and what they are called; all: pandora's own, too"},
    {"clients", "what the hub has for each connection and waits for from it, and whom it has cut lately, and why"},
    {"stats", "the hub's counters"},
    {"wait_for", "object or selector, milliseconds: answered as soon as somebody serves it"},
    {"monitor", "{payload}: shows the payloads in the event `traffic` for a minute; not for workers"},
    {"ping", "answers"},
    {"help", "this"},
    {"drain", "{process, instance}, milliseconds: the supervisor only; keeps new calls away from an instance"},
    {"undrain", "{process, instance}: the supervisor only; the instance is served again"},
    {"heard", "[news]: the supervisor only; what becomes of instances"},
};

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

/// The hub stamps the caller, and only the link that the supervisor itself set up is stamped with this name.
bool comes_from_supervisor(const Call& call)
{
    return call.source.value("process", Json{}) == control::supervisor_process_name;
}

Json help()
{
    Json texts = Json::object();
    for (const auto& [method, text] : help_texts) texts[method] = text;
    return texts;
}

} // namespace

HubObject::HubObject(boost::asio::io_context& io, hub::Hub& hub, hub::client::Client& client, uid_t owner)
    : hub_{hub}, owner_{owner}, traffic_{io, hub, client}
{
    hub::client::Methods methods;
    methods["routes"] = [this](const Call& call, const Reply& reply) { reply.value(routes(call)); };
    methods["clients"] = [this](const Call&, const Reply& reply) { reply.value(clients()); };
    methods["wait_for"] = [this](const Call& call, const Reply& reply) { wait_for(call, reply); };
    methods["monitor"] = [this](const Call& call, const Reply& reply) { monitor(call, reply); };
    methods["stats"] = [this](const Call&, const Reply& reply) { reply.value(to_json(hub_.stats())); };
    methods["ping"] = [](const Call&, const Reply& reply) { reply.value(nullptr); };
    methods["help"] = [](const Call&, const Reply& reply) { reply.value(help()); };
    methods["drain"] = [this](const Call& call, const Reply& reply) { drain(call, reply); };
    methods["undrain"] = [this](const Call& call, const Reply& reply) { undrain(call, reply); };
    methods["heard"] = [this](const Call& call, const Reply& reply) { heard(call, reply); };
    client.publish(hub_object_name, std::move(methods));
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
    hub_.wait_for(*selector, *patience, [reply](std::uint32_t clients) {
        if (clients == 0) return reply.error("nobody has come in time", "deadline");
        reply.value({{"clients", clients}});
    });
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

Json HubObject::clients() const
{
    Json clients = Json::array();
    for (const auto& client : hub_.clients()) clients.push_back(to_json(client));
    Json cut = Json::array();
    for (const auto& each : hub_.cuts()) cut.push_back(to_json(each));
    return {{"clients", std::move(clients)}, {"cut", std::move(cut)}};
}

/// The route table without the connection that asks and, unless `{"all": true}`, without built-in ones.
Json HubObject::routes(const Call& call) const
{
    const bool all = !call.params.empty() && call.params.at(0).is_object() && call.params.at(0).value("all", false);
    const auto asker = call.source.value("client", std::string{});
    Json found = Json::array();
    for (const auto& route : hub_.routes())
        if (route.client != asker && (all || !route.builtin)) found.push_back(to_json(route));
    return found;
}

} // namespace pandora::supervisor::app
