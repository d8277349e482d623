// A command that passes with exit code 0.
#pragma once

#include "supervisor/os/spawn.hpp"
#include "supervisor/probes/running.hpp"

#include <memory>

namespace pandora::supervisor::probes {

/// `request` without its standard streams. When the command has ended, or is not wanted any more, whatever it left in
/// its process group is killed: a probe that leaves something behind each time would fill the machine.
std::shared_ptr<Running> exec_attempt(RunningOptions options, os::SpawnRequest request);

} // namespace pandora::supervisor::probes
