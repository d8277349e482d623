// Performs what the fleet decides, on real processes, and tells it what came of it.
#pragma once

#include "supervisor/core/fleet.hpp"
#include "supervisor/driver/children.hpp"
#include "supervisor/driver/commands.hpp"
#include "supervisor/driver/host.hpp"
#include "supervisor/driver/triggers.hpp"
#include "supervisor/logs/pump.hpp"
#include "supervisor/probes/prober.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pandora::supervisor {

/// Lives on one loop, on the thread that spawns; see os::spawn.
class Driver {
public:
    /// Throws std::runtime_error, in one line, for what a procfile asks for and this machine does not have.
    Driver(boost::asio::io_context& io, core::Fleet& fleet, logs::Pump& pump, Host& host);
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    /// Hands an event to the fleet and performs what follows.
    void report(core::Event event);

    /// A signal that a person sends; it changes nothing the fleet knows.
    void signal(const core::Signal& action) { children_.signal(action); }

    /// Which instance `pid` belongs to: itself, by an ancestor, or by its session.
    std::optional<core::InstanceId> instance_of(pid_t pid) const { return children_.instance_of(pid); }

    std::optional<pid_t> main_pid(core::InstanceId instance) const { return children_.main_pid(instance); }

    /// What came by NOTIFY_SOCKET from one of the instance's processes.
    void notified(core::InstanceId instance, const core::Notification& notification);

    std::optional<core::WallTime> next_time(core::ProcessId process) const { return triggers_.next_time(process); }

    /// "web" for a single replica, "web/1" for one of several.
    std::string label(core::InstanceId instance) const;

private:
    // Choice: a start costs some 300 us, and a restart should not wait behind more than a few of them.
    static constexpr std::size_t spawns_a_turn = 16;

    using AttemptKey = std::pair<core::InstanceId, core::ProbeKind>;

    void run_events();
    void perform(const core::Action& action);
    void perform_each(core::Actions actions);
    void spawn_some();
    void child_reported(core::Event event);
    void turn(const std::function<void()>& act);
    void listen(core::ProcessId process);
    bool probes_have(pid_t pid);
    void run_probe(const core::RunProbe& action);
    void finish(int code);
    bool collect(pid_t pid);
    void watch_for_orphans();
    void arm();

    boost::asio::io_context& io_;
    core::Fleet& fleet_;
    logs::Pump& pump_;
    Host& host_;
    Commands commands_;
    Children children_;
    Triggers triggers_;
    probes::Prober prober_;
    std::map<AttemptKey, probes::Attempt> attempts_;
    std::deque<core::Event> events_;
    std::deque<core::Spawn> spawns_;          // not yet done
    std::size_t spawns_left_ = spawns_a_turn; // in this turn of the loop
    bool turn_posted_ = false;                // the next turn has been asked for
    bool busy_ = false;                       // inside run_events: what is reported now waits its turn
    boost::asio::signal_set child_signal_;
    boost::asio::steady_timer orphan_timer_;
    boost::asio::steady_timer timer_; // the fleet's next deadline
    std::optional<core::TimePoint> armed_for_;
};

} // namespace pandora::supervisor
