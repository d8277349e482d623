// The master of one app: supervision and logs in this process, the hub in a child of its own.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/app/requests.hpp"
#include "supervisor/control/supervisor_object.hpp"
#include "supervisor/core/fleet.hpp"
#include "supervisor/driver.hpp"
#include "supervisor/logs/pump.hpp"
#include "supervisor/os/listen_sockets.hpp"
#include "supervisor/os/run_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pandora::supervisor::app {

/// One object a run. Everything but the logs thread and the sampler runs on the thread that calls run().
class Master : private Host, private control::Supervisor {
public:
    /// Locks the run directory and binds the sockets. Throws std::runtime_error or std::system_error, in one line.
    explicit Master(procfiles::AppSpec app);
    ~Master() override;

    /// Supervises until every process has ended or a signal asks for the end. Returns the exit code.
    int run();

private:
    // Host
    os::SpawnRequest prepare(core::InstanceId instance) override;
    os::SpawnRequest prepare_stop_command(core::InstanceId instance, pid_t main_pid) override;
    void spawned(core::InstanceId instance) override;
    void announced(const core::Announce& change) override;
    void finished(int exit_code) override;

    // control::Supervisor
    bool list(Listed done) override;
    std::optional<control::Whose> who_is(pid_t pid) override;
    void object_published(pid_t publisher, const std::string& object) override;

    bool is_hub(core::InstanceId instance) const;
    os::SpawnRequest prepare_hub();
    void connect_link();
    EnvironmentBlock environment_of(core::InstanceId instance) const;
    std::vector<control::InstanceView> views() const;
    void await_signal();
    void stop_on(int signal);

    procfiles::AppSpec app_;
    os::RunDirectory directory_;
    os::UniqueFd hub_listener_;
    os::SocketFile hub_socket_file_;
    os::TcpListener http_;
    os::UniqueFd executable_;
    EnvironmentBlock inherited_;
    os::DescriptorLimit descriptor_limit_; // what we were started with; the workers get it back

    boost::asio::io_context io_{1};
    core::Fleet fleet_;
    logs::Pump pump_;
    Driver driver_;
    boost::asio::signal_set signals_;
    boost::asio::thread_pool sampler_{1};
    std::vector<Listed> listing_; // who waits for the reading that is being taken
    os::UniqueFd link_ours_;      // between prepare and spawned
    os::UniqueFd link_hubs_;
    std::unique_ptr<hub::client::Client> link_;
    bool stop_asked_ = false;
    std::optional<int> exit_code_;
};

} // namespace pandora::supervisor::app
