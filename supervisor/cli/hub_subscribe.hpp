// `pandora hub subscribe`: the events of an object, one a line.
#pragma once

#include "supervisor/cli/hub_session.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace pandora::supervisor::cli {

struct SubscribeWords {
    WhichHub hub;
    std::string object;
    std::string event = "*";                          // a name, or one that ends in * for all that begin alike
    std::uint64_t count = 0;                          // end after so many; 0 = go on
    std::optional<std::chrono::milliseconds> timeout; // end after this time
    hub::client::Overflow overflow = hub::client::Overflow::drop_new;
};

/// Prints {"event", "params"} for each event until `count`, `timeout`, a signal or the end of the hub; how many were
/// lost is a line on standard error. Returns the exit code (hub_outcome.hpp): `deadline` where `timeout` came before
/// `count`. Throws std::runtime_error where there is no hub.
int hub_subscribe(const SubscribeWords& words);

} // namespace pandora::supervisor::cli
