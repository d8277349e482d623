// What a master does about the one before it.
#pragma once

#include "supervisor/app/isolation.hpp"
#include "supervisor/logs/pump.hpp"
#include "supervisor/os/run_directory.hpp"

#include <string>

namespace pandora::supervisor::app {

/// An object, so that it has its place in the order of a master's members: after the lock, before anything is bound.
class Succession {
public:
    /// What a killed predecessor left behind is ended, so that nothing runs twice and no socket is still held, and the
    /// run `run_id` is noted as the present one. Blocks for a survivor's grace at the most. Throws std::system_error.
    Succession(const os::RunDirectory& directory, const std::string& run_id, const Isolations& isolations,
               logs::Pump& pump);
};

} // namespace pandora::supervisor::app
