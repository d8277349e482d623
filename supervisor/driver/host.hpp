// What the driver asks of whoever composed it.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/core/actions.hpp"
#include "supervisor/logs/source.hpp"
#include "supervisor/os/cgroup.hpp"
#include "supervisor/os/socket_set.hpp"
#include "supervisor/os/spawn.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>

namespace pandora::supervisor {

/// Called on the loop's thread.
class Host {
public:
    virtual ~Host() = default;

    /// What the procfile says of this instance, with all that differs between replicas put in.
    virtual const procfiles::ProcessSpec& spec_of(core::InstanceId instance) = 0;

    /// Everything to start this instance but its output, which the driver connects. May throw std::system_error.
    virtual os::SpawnRequest prepare(core::InstanceId instance) = 0;

    /// A command that runs beside the instance, as its user and in its environment, with MAINPID where there is one.
    /// An empty folder is the instance's own. May throw std::system_error.
    virtual os::SpawnRequest prepare_command(core::InstanceId instance, const procfiles::ShellCommand& command,
                                             const std::filesystem::path& folder, std::optional<pid_t> main_pid) = 0;

    /// Where its output goes; the driver fills in the stream and the line that is waited for.
    virtual logs::Source output_of(core::InstanceId instance) = 0;

    /// Where all its processes are, if it has a cgroup of its own. Valid until the next call.
    virtual const os::Cgroup* cgroup_of(core::InstanceId instance) = 0;

    /// Of this life of the master; each process it starts has it in its environment.
    virtual const std::string& run_id() const = 0;

    /// Pandora's own process, which leaves nothing behind.
    virtual bool is_builtin(core::InstanceId instance) const = 0;

    /// exec succeeded.
    virtual void spawned(core::InstanceId instance) = 0;

    /// Its main process has ended; what it said before is still to be heard. True: the kernel killed in its cgroup for
    /// want of memory during this run.
    virtual bool leader_ended(core::InstanceId instance) = 0;

    /// Keep new calls away from it; `done` once nothing is in flight, or nobody can tell.
    virtual void drain(core::InstanceId instance, core::Millis limit, std::function<void()> done) = 0;

    /// Whether the hub hears from it; to be ready it has to be online there, too. `tell`, at most once, now or later:
    /// one phrase that says why not; empty where it does.
    virtual void ask_hub(core::InstanceId instance, core::ProbeKind kind,
                         std::function<void(const std::string& trouble)> tell) = 0;

    /// `arrived` once a connection waits on a socket of this process.
    [[nodiscard]] virtual os::ConnectionWait listen(core::ProcessId process, std::function<void()> arrived) = 0;

    /// End whatever is left of the app besides the children the driver knows; then `done`.
    virtual void sweep(std::function<void()> done) = 0;

    /// It was scaled away.
    virtual void removed(core::InstanceId instance) = 0;

    virtual void announced(const core::Announce& change) = 0;
    virtual void told(core::InstanceId instance, const std::string& text) = 0;

    /// The last call of all.
    virtual void finished(int exit_code) = 0;
};

} // namespace pandora::supervisor
