// `pandora hub serve`: the same hub without a supervisor.
#pragma once

#include <filesystem>
#include <string>

namespace pandora::supervisor::app {

struct HubServeOptions {
    std::filesystem::path socket;
    std::string metrics; // HOST:PORT for /metrics; empty = none
};

/// Serves until SIGINT or SIGTERM. Throws std::runtime_error or std::system_error, in one line, when it cannot start.
int hub_serve(const HubServeOptions& options);

} // namespace pandora::supervisor::app
