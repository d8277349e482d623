// The processes of the instances: started, signalled, watched until nothing of them is left.
#pragma once

#include "supervisor/core/events.hpp"
#include "supervisor/driver/host.hpp"
#include "supervisor/driver/main_process.hpp"
#include "supervisor/driver/pipe.hpp"
#include "supervisor/logs/pump.hpp"
#include "supervisor/os/child.hpp"
#include "supervisor/os/notify_fd.hpp"
#include "supervisor/os/runaways.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace pandora::supervisor {

using Report = std::function<void(core::Event)>;

/// Lives on one loop, on the thread that spawns; see os::spawn.
class Children {
public:
    /// What the children need of the driver besides the reporting of events.
    struct Surroundings {
        std::function<bool(core::InstanceId)> busy_beside; // something else of the run is at work: its stop command
        std::function<bool(pid_t)> claimed;                // a child of ours that is no leader: a command, a probe
        std::function<void(const std::function<void()>&)> turn; // runs it; what is reported meanwhile comes after it
    };

    Children(boost::asio::io_context& io, logs::Pump& pump, Host& host, Report report, Surroundings surroundings);
    ~Children();
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;

    /// Reports Spawned or SpawnFailed, and later Ended.
    void spawn(core::InstanceId instance, core::Run run);

    void signal(const core::Signal& action);

    /// The worker says that `pid`, one of its processes, is its main one (MAINPID=). False: it cannot be watched.
    bool set_main(core::InstanceId instance, pid_t pid);

    /// Reaps `pid` if it is the leader of an instance, or the main process that a leader left.
    bool collect(pid_t pid);

    /// Looks whether what a leader left behind is gone.
    void check_groups();

    /// Which instance `pid` belongs to: itself, by an ancestor, or by a session. An ancestor is what we have started,
    /// or what that has named as its main process. Reads /proc.
    std::optional<core::InstanceId> instance_of(pid_t pid) const;

    /// Of the live leader, or the main process it has named.
    std::optional<pid_t> main_pid(core::InstanceId instance) const;

private:
    struct Running {
        os::Child child;
        core::Run run{};
        bool leader_alive = true;           // false: reaped, but something of the run is left
        bool group_gone = false;            // ... but not of its process group, whose number may be another's by now
        std::vector<os::Survivor> runaways; // left the group; as of the last look
        std::optional<os::NotifyFd> notify_fd;
        std::optional<MainProcess> main;
    };

    /// What its output goes through; the writers are closed once the child has them.
    struct Streams {
        Pipe out;
        std::optional<Pipe> errors; // none: a terminal, where both are one
    };

    static std::optional<Streams> make_streams(bool terminal);
    void launch(core::InstanceId instance, core::Run run);
    void main_ended(core::InstanceId instance, const core::ExitStatus& status);
    void attach(core::InstanceId instance, core::Run run, const procfiles::ProcessSpec& spec, Streams streams);
    void watch_notify_pipe(core::InstanceId instance, core::Run run, Pipe pipe);
    void tell_spawned(core::InstanceId instance);
    void leader_ended(core::InstanceId instance, const core::ExitStatus& status);
    void forget(core::InstanceId instance);
    bool nothing_left(core::InstanceId instance);
    bool group_is_gone(Running& running);
    bool has_runaways(core::InstanceId instance, Running& running);
    bool collect_main(pid_t pid);
    std::unordered_map<pid_t, core::InstanceId> main_processes() const;
    void watch_groups();

    boost::asio::io_context& io_;
    logs::Pump& pump_;
    Host& host_;
    Report report_;
    Surroundings surroundings_;
    os::ChildrenFile children_file_;
    std::map<core::InstanceId, Running> running_;
    std::unordered_map<pid_t, core::InstanceId> by_leader_; // also of leaders that ended before their group
    std::size_t leaderless_ = 0;                            // runs whose leader has ended
    boost::asio::steady_timer group_timer_;
    bool watching_groups_ = false;
};

} // namespace pandora::supervisor
