// Names for the things the router keeps, and the time it is told.
#pragma once

#include <chrono>
#include <cstdint>

namespace pandora::hub::core {

/// One connection. Numbers of connections that are gone are used again; outside the router an id is valid
/// from Router::connect() to Router::disconnect().
enum class PeerId : std::uint32_t {};

/// CLOCK_MONOTONIC, as the edge read it; never decreasing.
using TimePoint = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

constexpr std::size_t index_of(PeerId id) { return static_cast<std::size_t>(id); }

} // namespace pandora::hub::core
