// `pandora hub routes`: who is connected to a hub, and what they publish.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <string>

namespace pandora::supervisor::cli {

struct RoutesOptions {
    std::string socket; // path of the hub's socket; empty = from PANDORA_HUB_SOCKET
    bool json = false;  // one line of compact JSON instead of a table
    bool all = false;   // built-in connections too
};

/// Asks the hub and prints its route table on standard output. Returns the exit code: 0, or 1 after one line
/// on standard error that says what is wrong and what to do.
int hub_routes(const RoutesOptions& options);

/// The table for people: a heading, then a line for each connection. `routes` is what the hub answered; what
/// is missing or of another type shows as "-". Control characters, which clients choose, cannot reach the
/// terminal.
std::string routes_table(const hub::client::Json& routes);

} // namespace pandora::supervisor::cli
