// The commands beside a process: hooks, `shutdown.command`, `reload.command`.
#pragma once

#include "supervisor/core/events.hpp"
#include "supervisor/driver/children.hpp"
#include "supervisor/driver/host.hpp"
#include "supervisor/logs/pump.hpp"
#include "supervisor/os/child.hpp"

#include <boost/asio/io_context.hpp>

#include <map>
#include <sys/types.h>
#include <utility>

namespace pandora::supervisor {

/// Lives on one loop, on the thread that spawns. What they write goes where the output of their instance goes.
class Commands {
public:
    Commands(boost::asio::io_context& io, logs::Pump& pump, Host& host, Report report);

    /// Reports CommandEnded, also where it cannot be executed.
    void run(const core::RunCommand& action, std::optional<pid_t> main_pid);

    /// SIGKILL to its process group, if it still runs.
    void cancel(core::InstanceId instance, core::Command command);

    /// Reaps `pid` if it is one of them.
    bool collect(pid_t pid);

    bool has(pid_t pid) const;

    /// The instance has not ended while this still runs.
    bool is_stopping(core::InstanceId instance) const { return running_.contains({instance, core::Command::stop}); }

private:
    using Key = std::pair<core::InstanceId, core::Command>;

    void attach(core::InstanceId instance, Pipe pipe);

    boost::asio::io_context& io_;
    logs::Pump& pump_;
    Host& host_;
    Report report_;
    std::map<Key, os::Child> running_;
};

} // namespace pandora::supervisor
