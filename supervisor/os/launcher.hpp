// A Boost.Process v2 launcher over spawn(), for whoever wants an ordinary process handle. The library's own launchers
// of 1.81 fork (slow in a large parent), leak descriptors, or break the parent's reactor.
#pragma once

#include "supervisor/os/spawn.hpp"

#include <boost/asio/detail/throw_error.hpp> // which process.hpp of 1.81 uses without including it
#include <boost/process/v2/process.hpp>

namespace pandora::supervisor::os {

/// Starts `request` as a process handled by `executor`; the handle owns the only descriptor of the child.
/// The handle waits and signals by pid: use it alone to wait for its process, and detach it where the process is to
/// outlive it. `Child`, which the supervisor uses for its workers, does both by pidfd.
class CloneLauncher {
public:
    template <class Executor>
    SpawnResult<boost::process::v2::basic_process<Executor>> operator()(Executor executor,
                                                                        const SpawnRequest& request) const
    {
        auto spawned = spawn(request);
        if (!spawned) return spawned.error();
        try {
            boost::process::v2::basic_process<Executor> process{executor, spawned->pid, spawned->pidfd.get()};
            (void)spawned->pidfd.release();
            return process;
        } catch (const boost::system::system_error& error) { // the loop takes no more descriptors
            abandon(spawned->pid);
            return SpawnError{SpawnStage::watch, error.code(), request.argv.front()};
        }
    }
};

} // namespace pandora::supervisor::os
