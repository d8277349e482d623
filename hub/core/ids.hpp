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

/// As frames carry it: PROTOCOL.md 9.3, `deadline`.
constexpr std::uint64_t nanoseconds(TimePoint at)
{
    return static_cast<std::uint64_t>(std::chrono::nanoseconds{at.time_since_epoch()}.count());
}

constexpr std::size_t index_of(PeerId id) { return static_cast<std::size_t>(id); }

} // namespace pandora::hub::core
