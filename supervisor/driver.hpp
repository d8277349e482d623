// Performs what the fleet decides, on real processes, and tells it what came of it. The only holder of children.
#pragma once

#include "supervisor/core/fleet.hpp"
#include "supervisor/logs/pump.hpp"
#include "supervisor/os/child.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>

namespace pandora::supervisor {

/// What the driver asks of whoever composed it. Called on the loop's thread.
class Host {
public:
    virtual ~Host() = default;

    /// Everything to start this instance but its output, which the driver connects. May throw std::system_error.
    virtual os::SpawnRequest prepare(core::InstanceId instance) = 0;

    /// The environment and folder of its instance; runs `shutdown.command`.
    virtual os::SpawnRequest prepare_stop_command(core::InstanceId instance, pid_t main_pid) = 0;

    /// exec succeeded.
    virtual void spawned(core::InstanceId instance) = 0;

    virtual void announced(const core::Announce& change) = 0;

    /// The last call of all.
    virtual void finished(int exit_code) = 0;
};

/// Lives on one loop, on the thread that spawns; see os::spawn.
class Driver {
public:
    Driver(boost::asio::io_context& io, core::Fleet& fleet, logs::Pump& pump, Host& host);
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    /// Hands an event to the fleet and performs what follows.
    void report(core::Event event);

    /// Which instance `pid` belongs to: itself, by an ancestor, or by its session.
    std::optional<core::InstanceId> instance_of(pid_t pid) const;

    /// "web" for a single replica, "web/1" for one of several.
    std::string label(core::InstanceId instance) const;

private:
    struct Running {
        os::Child child;
        bool leader_alive = true; // false: reaped, but its process group is not empty yet
    };

    void run_events();
    void perform(const core::Action& action);
    void perform_each(const core::Actions& actions);
    void spawn(core::InstanceId instance);
    os::SpawnResult<os::SpawnRequest> prepare(core::InstanceId instance);
    void tell_spawned(core::InstanceId instance);
    void signal(const core::Signal& action);
    void run_stop_command(core::InstanceId instance);
    void leader_ended(core::InstanceId instance, const os::ChildEnd& end);
    bool nothing_left(core::InstanceId instance) const;
    bool collect(pid_t pid);
    void check_groups();
    void watch_groups();
    void watch_children();
    void arm();

    boost::asio::io_context& io_;
    core::Fleet& fleet_;
    logs::Pump& pump_;
    Host& host_;
    std::map<core::InstanceId, Running> running_;
    std::map<core::InstanceId, os::Child> stop_commands_; // an instance has not ended while its own still runs
    std::deque<core::Event> events_;
    bool busy_ = false; // inside run_events: what is reported now waits its turn
    boost::asio::signal_set child_signal_;
    boost::asio::steady_timer timer_; // the fleet's next deadline
    boost::asio::steady_timer group_timer_;
    bool watching_groups_ = false;
};

} // namespace pandora::supervisor
