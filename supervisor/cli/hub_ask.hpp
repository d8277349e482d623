// `pandora hub routes`, `clients`, `channels`, `stats`, `introspect` and `wait-for`: one question each.
#pragma once

#include "supervisor/cli/hub_session.hpp"

#include <chrono>
#include <string>

namespace pandora::supervisor::cli {

// Each prints on standard output and returns the exit code (hub_outcome.hpp), after one line on standard error where it
// is not 0. Throws std::runtime_error, in one line, where there is no hub to ask.

struct AskOptions {
    WhichHub hub;
    bool json = false; // one line of JSON, as the hub answers it, instead of a table
    bool all = false;  // of `routes`: pandora's own connections, too
};

/// Who is connected, and what they publish.
int hub_routes(const AskOptions& options);

/// How each connection keeps up, and which ones the hub has cut.
int hub_clients(const AskOptions& options);

/// The direct channels, and what went through each.
int hub_channels(const AskOptions& options);

/// The hub's counters.
int hub_stats(const AskOptions& options);

struct ObjectOptions {
    WhichHub hub;
    std::string object;
    std::chrono::milliseconds timeout{5'000};
    bool json = false;
};

/// The methods and properties of an object, as one of its providers tells them.
int hub_introspect(const ObjectOptions& options);

/// Returns as soon as somebody publishes the object and takes calls. The hub need not be there yet, either.
int hub_wait_for(const ObjectOptions& options);

} // namespace pandora::supervisor::cli
