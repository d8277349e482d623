// A pseudo-terminal: what a worker with `is_tty` has as its standard streams.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <optional>

namespace pandora::supervisor::os {

struct Terminal {
    UniqueFd master; // what the worker writes is read here; EIO once nobody holds the slave
    UniqueFd slave;
};

/// 80 columns and 24 rows, newlines passed as they are written. Both ends are close-on-exec. nullopt: errno says why.
std::optional<Terminal> open_terminal();

} // namespace pandora::supervisor::os
