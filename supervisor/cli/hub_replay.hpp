// `pandora hub replay`: the requests of a capture, sent once more.
#pragma once

#include "supervisor/cli/hub_session.hpp"
#include "supervisor/cli/hub_traffic.hpp"

#include <chrono>
#include <filesystem>

namespace pandora::supervisor::cli {

struct ReplayOptions {
    WhichHub hub;
    TrafficFilter filter;
    std::filesystem::path file;
    double speed = 1;                         // how many times as fast as it was; 0 = as fast as it goes
    std::chrono::milliseconds timeout{5'000}; // of each call
};

/// Prints a line for each call that ends otherwise than it did, and says on standard error what was sent. Returns 0
/// where none did, else exit_code::failed. Throws std::runtime_error, in one line, where there is no hub or no capture
/// to read.
int hub_replay(const ReplayOptions& options);

} // namespace pandora::supervisor::cli
