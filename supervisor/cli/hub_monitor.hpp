// `pandora hub monitor` and `capture`: what goes through the hub, on the screen or into a file.
#pragma once

#include "supervisor/cli/hub_session.hpp"
#include "supervisor/cli/hub_traffic.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace pandora::supervisor::cli {

struct MonitorOptions {
    WhichHub hub;
    TrafficFilter filter;
    bool json = false;    // each record as a line of JSON
    bool payload = false; // with what the messages carry: for root and the owner of the app
};

/// One line a message until a signal or the end of the hub. Returns the exit code (hub_outcome.hpp). Throws
/// std::runtime_error where there is no hub.
int hub_monitor(const MonitorOptions& options);

struct CaptureOptions {
    WhichHub hub;
    TrafficFilter filter;
    std::filesystem::path file; // is made, for its owner only; one that exists is not overwritten
    std::uint64_t bytes_max = 64 * 1024 * 1024;
    std::optional<std::chrono::milliseconds> duration; // until a signal without
};

/// The same into a file (hub_capture.hpp), with payloads, until it is as long as it may be. Says on standard error how
/// much was written, also where a signal ends it: the file is a whole one then, too.
int hub_capture(const CaptureOptions& options);

} // namespace pandora::supervisor::cli
