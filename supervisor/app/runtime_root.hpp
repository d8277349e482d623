// Where the run directories of all apps of this user are, for the command line, which may not know the edge.
#pragma once

#include "supervisor/os/run_directory.hpp"

namespace pandora::supervisor::app {

using os::runtime_root;

} // namespace pandora::supervisor::app
