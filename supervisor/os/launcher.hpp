// A Boost.Process v2 launcher over spawn(). The library's own launchers of 1.81 fork (slow in a large parent), leak
// descriptors, or break the parent's reactor; this one has the same shape, so the rest holds ordinary process handles.
#pragma once

#include "supervisor/os/spawn.hpp"

#include <boost/process/v2/process.hpp>

#include <fcntl.h>

namespace pandora::supervisor::os {

/// Handles that run on the loop's own executor type need no type erasure.
template <class Executor>
struct Launched {
    boost::process::v2::basic_process<Executor> process; // owns a pidfd of its own
    UniqueFd pidfd;                                      // 1.81 gives no access to the handle's
};

/// Start `request` as a process handled by `executor`.
/// Detach the handle once the process has been reaped: its destructor signals and waits by pid, which may then be
/// somebody else's.
class CloneLauncher {
public:
    template <class Executor>
    SpawnResult<Launched<Executor>> operator()(Executor executor, const SpawnRequest& request) const
    {
        auto spawned = spawn(request);
        if (!spawned) return spawned.error();
        UniqueFd second{::fcntl(spawned->pidfd.get(), F_DUPFD_CLOEXEC, 3)};
        try {
            boost::process::v2::basic_process<Executor> process{executor, spawned->pid, second.get()};
            (void)second.release();
            return Launched<Executor>{std::move(process), std::move(spawned->pidfd)};
        } catch (const boost::system::system_error& error) { // no descriptor left, or none that the loop takes
            abandon(spawned->pid);
            return SpawnError{SpawnStage::watch, error.code(), request.argv.front()};
        }
    }
};

} // namespace pandora::supervisor::os
