// `pandora hub serve`: the same hub without a supervisor.
#pragma once

#include "procfiles/scalars.hpp"

#include <filesystem>
#include <optional>

namespace pandora::supervisor::app {

struct HubServeOptions {
    std::filesystem::path socket;
    std::optional<procfiles::Endpoint> metrics; // where /metrics is served; none where there is none
};

/// Serves until SIGINT or SIGTERM. Throws std::runtime_error or std::system_error, in one line, when it cannot start.
int hub_serve(const HubServeOptions& options);

} // namespace pandora::supervisor::app
