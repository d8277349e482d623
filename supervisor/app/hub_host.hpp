// A hub together with what belongs to it in its process: the built-in object `pandora.hub` and the HTTP side.
#pragma once

#include "hub/client/cpp/client.hpp"
#include "hub/hub.hpp"
#include "metrics/http/server.hpp"
#include "metrics/snapshot.hpp"
#include "supervisor/app/config_manager.hpp"
#include "supervisor/app/hub_object.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace pandora::supervisor::app {

/// Lives on one io_context. Ends it when SIGINT or SIGTERM comes, or stop() is called, once every queue is flushed.
class HubHost {
public:
    HubHost(boost::asio::io_context& io, std::string app, hub::Options options, hub::Observer& observer);
    HubHost(const HubHost&) = delete;
    HubHost& operator=(const HubHost&) = delete;

    hub::Hub& hub() { return hub_; }

    /// The hub's own client: the object `pandora.hub` lives on it, and questions to the supervisor go out by it.
    hub::client::Client& client() { return *client_; }

    /// Fills in what only the supervisor knows; `done` runs on the hub's thread.
    using Describe = std::function<void(metrics::Snapshot, std::function<void(metrics::Snapshot)> done)>;

    /// Serves /metrics and /health on a listening TCP socket (ownership taken), on a thread of its own.
    void serve_http(int listener_fd, Describe describe);

    /// Publishes the config manager with what was kept of an earlier hub, on a connection of its own: an app may have
    /// one of its own in its place. Once; `published` runs when whoever connects finds it.
    void serve_config(hub::config::ConfigStore initial, ConfigManager::OnChange on_change,
                      std::function<void()> published);

    void stop();

private:
    std::unique_ptr<hub::client::Client> connect_to_itself(hub::Reach reach);

    boost::asio::io_context& io_;
    std::string app_;
    uid_t owner_;
    hub::Hub hub_;
    std::unique_ptr<hub::client::Client> client_;
    std::optional<HubObject> object_;
    std::optional<ConfigManager> config_;
    std::unique_ptr<hub::client::Client> config_client_;
    boost::asio::signal_set signals_;
    bool stopping_ = false;
    std::unique_ptr<metrics::http::Server> http_; // last: its thread asks all of the above
};

} // namespace pandora::supervisor::app
