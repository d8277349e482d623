#include "supervisor/app/hub_host.hpp"

#include "metrics/http/endpoints.hpp"
#include "supervisor/app/hub_snapshot.hpp"
#include "supervisor/app/socket_pair.hpp"
#include "supervisor/control/supervisor_object.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::app {

using hub::client::Call;
using hub::client::Json;
using hub::client::Reply;

namespace {

// A drain that is longer than any worker's grace is a mistake; the bound keeps deadlines far from overflow.
constexpr std::int64_t drain_ms_max = 24 * 3600 * 1000;

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json to_json(const hub::Route& route)
{
    Json selectors = Json::array();
    for (const auto& selector : route.selectors) selectors.push_back(Json::parse(selector));
    const auto& who = route.identity;
    return {{"client", route.client},     {"process", or_null(who.process)},  {"instance", who.instance},
            {"pid", who.credentials.pid}, {"uid", who.credentials.uid},       {"builtin", route.builtin},
            {"draining", route.draining}, {"selectors", std::move(selectors)}};
}

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

std::optional<std::chrono::milliseconds> drain_time_from(const Json& params)
{
    if (params.size() < 2 || !params[1].is_number_integer()) return std::nullopt;
    const auto time = params[1].get<std::int64_t>();
    return time >= 0 && time <= drain_ms_max ? std::optional{std::chrono::milliseconds{time}} : std::nullopt;
}

/// The hub stamps the caller, and only the link that the supervisor itself set up is stamped with this name.
bool comes_from_supervisor(const Call& call)
{
    return call.source.value("process", Json{}) == control::supervisor_process_name;
}

hub::Identity own_identity(const std::string& app)
{
    return {app, control::hub_process_name, 0, {::getpid(), ::getuid(), ::getgid()}};
}

} // namespace

HubHost::HubHost(boost::asio::io_context& io, std::string app, hub::Options options, hub::Observer& observer)
    : io_{io}, app_{std::move(app)}, hub_{io, std::move(options), observer}, signals_{io, SIGINT, SIGTERM}
{
    auto [ours, hubs] = make_socket_pair();
    hub_.adopt(hubs.release(), own_identity(app_));
    hub::client::Options labels;
    labels.location = {
        {"appName", app_}, {"processName", control::hub_process_name}, {"pid", std::to_string(::getpid())}};
    client_ = std::make_unique<hub::client::Client>(io, std::move(labels), ours.release());
    publish_hub_object();
    client_->on_lost([this](const std::string&) { stop(); }); // a hub that cannot speak for itself is replaced
    client_->start();
    signals_.async_wait([this](const boost::system::error_code& error, int) {
        if (!error) stop();
    });
}

void HubHost::publish_hub_object()
{
    hub::client::Methods methods;
    methods["routes"] = [this](const Call& call, const Reply& reply) { reply.value(routes(call)); };
    methods["ping"] = [](const Call&, const Reply& reply) { reply.value(nullptr); };
    methods["drain"] = [this](const Call& call, const Reply& reply) { drain(call, reply); };
    methods["undrain"] = [this](const Call& call, const Reply& reply) { undrain(call, reply); };
    client_->publish("pandora.hub", std::move(methods));
}

void HubHost::drain(const Call& call, const Reply& reply)
{
    if (!comes_from_supervisor(call)) return reply.error("only the supervisor may drain an instance", "denied");
    const auto name = instance_from(call.params);
    const auto time = drain_time_from(call.params);
    if (!name || !time) return reply.error("drain takes {process, instance} and milliseconds", "TypeError");
    hub_.drain(*name, *time, [reply](std::uint32_t in_flight) {
        reply.value({{"drained", in_flight == 0}, {"in_flight", in_flight}});
    });
}

void HubHost::undrain(const Call& call, const Reply& reply)
{
    if (!comes_from_supervisor(call)) return reply.error("only the supervisor may end a drain", "denied");
    const auto name = instance_from(call.params);
    if (!name) return reply.error("undrain takes {process, instance}", "TypeError");
    hub_.undrain(*name);
    reply.value(nullptr);
}

/// The route table without the connection that asks and, unless `{"all": true}`, without built-in ones.
Json HubHost::routes(const Call& call) const
{
    const bool all = !call.params.empty() && call.params.at(0).is_object() && call.params.at(0).value("all", false);
    const auto asker = call.source.value("client", std::string{});
    Json found = Json::array();
    for (const auto& route : hub_.routes())
        if (route.client != asker && (all || !route.builtin)) found.push_back(to_json(route));
    return found;
}

void HubHost::serve_http(int listener_fd, Describe describe)
{
    const auto collect = [this, describe = std::move(describe)](std::function<void(metrics::Snapshot)> done) {
        boost::asio::post(io_, [this, describe, done = std::move(done)]() mutable {
            metrics::Snapshot snapshot{.app = app_, .hub = to_sample(hub_.stats())};
            describe(std::move(snapshot), std::move(done));
        });
    };
    http_ = std::make_unique<metrics::http::Server>(listener_fd, metrics::http::metrics_endpoints(collect));
}

void HubHost::stop()
{
    if (std::exchange(stopping_, true)) return;
    http_.reset();
    hub_.stop([this] { io_.stop(); });
}

} // namespace pandora::supervisor::app
