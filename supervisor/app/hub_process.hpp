// The hub as the master's first child: the sockets it serves, how it is started, and the link to it.
#pragma once

#include "hub/client/cpp/client.hpp"
#include "procfiles/spec.hpp"
#include "supervisor/app/hub_access.hpp"
#include "supervisor/app/requests.hpp"
#include "supervisor/control/supervisor_object.hpp"
#include "supervisor/core/fleet.hpp"
#include "supervisor/os/listen_sockets.hpp"
#include "supervisor/os/run_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace pandora::supervisor::app {

/// The hub as a member of the fleet: always there, back at once, a little slower if it cannot stay up.
core::Member hub_member();

/// Owns the listeners, which outlive each life of the hub process. Lives on the master's loop.
class HubProcess {
public:
    /// Binds. Throws std::runtime_error or std::system_error.
    HubProcess(const procfiles::AppSpec& app, const os::RunDirectory& directory, const HubAccess& access);
    ~HubProcess();
    HubProcess(const HubProcess&) = delete;
    HubProcess& operator=(const HubProcess&) = delete;

    /// For one life of it, with a link of its own. Throws std::system_error.
    os::SpawnRequest prepare();

    /// It has been started: publishes `object` over the link of this life, and asks the hub every now and then whether
    /// it still answers. `hung` runs on the loop, again and again, where it does not.
    void connect(boost::asio::io_context& io, control::SupervisorObject& object, std::function<void()> hung);

    /// Whether a client still finds the hub's socket, see os::SocketFile.
    bool is_found() const { return socket_file_ && socket_file_->is_there(); }

    /// Binds the hub's socket anew. The hub of this life has the old one: it is to be restarted. Throws
    /// std::runtime_error or std::system_error.
    void bind_again(const os::RunDirectory& directory);

    /// The app has ended: nobody connects any more, though the master may stay a while for the reader of its output.
    void close();

    /// Null before the first life.
    hub::client::Client* link() { return link_.get(); }

    std::uint16_t http_port() const { return http_.port; }

private:
    void ask_again_later();
    void ask();

    BrokerOptions options_;
    std::optional<os::RunAs> run_as_;
    os::UniqueFd listener_;
    std::optional<os::SocketFile> socket_file_;
    os::TcpListener http_;
    os::UniqueFd executable_; // of this program
    os::UniqueFd link_ours_;  // between prepare and connect
    os::UniqueFd link_hubs_;
    std::unique_ptr<hub::client::Client> link_;
    std::optional<boost::asio::steady_timer> ask_timer_;
    std::function<void()> hung_;
    int unanswered_ = 0; // questions in a row
};

} // namespace pandora::supervisor::app
