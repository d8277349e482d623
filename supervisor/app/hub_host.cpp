#include "supervisor/app/hub_host.hpp"

#include "metrics/http/endpoints.hpp"
#include "supervisor/app/hub_snapshot.hpp"
#include "supervisor/app/socket_pair.hpp"
#include "supervisor/control/supervisor_object.hpp"

#include <boost/asio/post.hpp>

#include <csignal>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::app {

namespace {

hub::Identity own_identity(const std::string& app)
{
    return {app, control::hub_process_name, 0, {::getpid(), ::getuid(), ::getgid()}};
}

} // namespace

HubHost::HubHost(boost::asio::io_context& io, std::string app, hub::Options options, hub::Observer& observer)
    : io_{io}, app_{std::move(app)}, owner_{options.owner}, hub_{io, std::move(options), observer}, signals_{io, SIGINT,
                                                                                                             SIGTERM}
{
    client_ = connect_to_itself(hub::Reach::builtin);
    object_.emplace(io_, hub_, *client_, owner_);
    client_->start();
    signals_.async_wait([this](const boost::system::error_code& error, int) {
        if (!error) stop();
    });
}

/// To be started.
std::unique_ptr<hub::client::Client> HubHost::connect_to_itself(hub::Reach reach)
{
    auto [ours, hubs] = make_socket_pair();
    hub_.adopt(hubs.release(), own_identity(app_), reach);
    hub::client::Options options;
    options.location = {
        {"appName", app_}, {"processName", control::hub_process_name}, {"pid", std::to_string(::getpid())}};
    auto client = std::make_unique<hub::client::Client>(io_, std::move(options), ours.release());
    client->on_lost([this](const std::string&) { stop(); }); // a hub that cannot speak for itself is replaced
    return client;
}

void HubHost::serve_config(hub::config::ConfigStore initial, ConfigManager::OnChange on_change,
                           std::function<void()> published)
{
    config_client_ = connect_to_itself(hub::Reach::fallback);
    config_client_->on_online(std::move(published));
    config_.emplace(*config_client_, std::move(initial), std::move(on_change),
                    [this] { return hub_.subscribed_events(config_object_name); });
    config_client_->start();
}

void HubHost::serve_http(int listener_fd, Describe describe)
{
    const auto collect = [this, describe = std::move(describe)](std::function<void(metrics::Snapshot)> done) {
        boost::asio::post(io_, [this, describe, done = std::move(done)]() mutable {
            metrics::Snapshot snapshot{.app = app_, .hub = to_sample(hub_.stats(), hub_.clients())};
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
