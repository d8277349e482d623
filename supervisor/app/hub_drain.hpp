// The supervisor's side of a drain: what it asks of the hub before it stops an instance.
#pragma once

#include "hub/client/cpp/client.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace pandora::supervisor::app {

/// How a drain ended.
struct HubDrained {
    bool drained = false;        // false: the time was over, undrain() came first, or the hub could not be asked
    std::uint32_t in_flight = 0; // calls delivered to the instance and not yet answered
};

/// Asks the hub, over the supervisor's own link, to keep new calls away from the instance. `done` runs once, later, on
/// the link's thread: when what the instance had in hand is done, after `timeout` at the latest. An instance that is
/// not on the hub is drained at once. To be followed by undrain() when its run has ended, or is to go on.
/// Destroying the link drops `done` without a call.
void drain(hub::client::Client& link, const std::string& process, std::uint32_t instance,
           std::chrono::milliseconds timeout, std::function<void(HubDrained)> done);

/// Connections of this name are served again. Before the next run of the instance is spawned: messages on the link
/// keep their order, so the hub hears this before it learns who the new run is.
void undrain(hub::client::Client& link, const std::string& process, std::uint32_t instance);

} // namespace pandora::supervisor::app
