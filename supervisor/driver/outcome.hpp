// What the os layer reports, as the core understands it.
#pragma once

#include "supervisor/core/exit_status.hpp"
#include "supervisor/os/child.hpp"

namespace pandora::supervisor {

core::ExitStatus to_status(const os::ChildEnd& end);

/// With the exit code that a shell gives for a program it cannot execute.
core::NotStarted to_failure(const os::SpawnError& error);

/// The pipes of a child's output could not be made; `error` is errno.
core::NotStarted no_pipes(int error);

} // namespace pandora::supervisor
