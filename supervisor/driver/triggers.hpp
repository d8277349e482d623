// What starts or restarts a process from outside: its schedule, its files, its sockets.
#pragma once

#include "supervisor/core/events.hpp"
#include "supervisor/core/fleet.hpp"
#include "supervisor/core/schedule.hpp"
#include "supervisor/driver/children.hpp"
#include "supervisor/driver/host.hpp"
#include "supervisor/os/file_watch.hpp"
#include "supervisor/os/socket_set.hpp"
#include "supervisor/os/wall_timer.hpp"

#include <boost/asio/io_context.hpp>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace pandora::supervisor {

/// Lives on one loop. Reports ScheduleDue, FilesChanged and ConnectionWaiting.
class Triggers {
public:
    /// Throws std::runtime_error, in one line, for a time zone that this machine does not have or files that cannot be
    /// watched.
    Triggers(boost::asio::io_context& io, const core::Fleet& fleet, Host& host, Report report);
    ~Triggers();
    Triggers(const Triggers&) = delete;
    Triggers& operator=(const Triggers&) = delete;

    void listen(core::ProcessId process);

    /// When a scheduled process is due next; nullopt for the others.
    std::optional<core::WallTime> next_time(core::ProcessId process) const;

    /// Nothing more is reported.
    void stop();

private:
    struct Scheduled {
        std::string time_zone;
        core::TimeZone zone;
        core::ScheduleClock clock;
    };

    void watch(core::ProcessId process, const procfiles::Watch& watch);
    void wait_for_next_time();
    core::TimeZone reload(core::ProcessId process, core::TimeZone known, const std::string& name);
    void woken(const os::WallTimer::Woken& woken);

    boost::asio::io_context& io_;
    Host& host_;
    Report report_;
    std::map<core::ProcessId, Scheduled> schedules_;
    std::optional<os::WallTimer> timer_; // one for all, where there is any
    std::vector<os::FileWatch> watches_;
    std::map<core::ProcessId, os::ConnectionWait> connections_;
};

} // namespace pandora::supervisor
