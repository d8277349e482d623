// Names of things inside one app. They index the procfile's order and stay the same for the life of the master.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace pandora::supervisor::core {

/// A process of the fleet: its place in the list the Fleet was made with.
enum class ProcessId : std::uint32_t {};

/// One replica of a process.
struct InstanceId {
    ProcessId process{};
    std::uint32_t index = 0; // 0-based
    auto operator<=>(const InstanceId&) const = default;
};

/// One start of one instance, counted from 1. What is reported about an older run than the present one is ignored.
enum class Run : std::uint32_t {};

/// CLOCK_MONOTONIC. Core never reads it: whoever reports an event says when it happened.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Millis = std::chrono::milliseconds;

} // namespace pandora::supervisor::core
