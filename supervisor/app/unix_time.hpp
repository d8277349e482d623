// Monotonic times mean nothing to other programs; what they are told is Unix time.
#pragma once

#include "supervisor/core/ids.hpp"

#include <chrono>

namespace pandora::supervisor::app {

/// Seconds. As exact as both clocks can be read one after the other, and as steady as the wall clock is.
inline double unix_time(core::TimePoint at)
{
    const auto from_now = std::chrono::duration_cast<std::chrono::system_clock::duration>(at - core::Clock::now());
    return std::chrono::duration<double>((std::chrono::system_clock::now() + from_now).time_since_epoch()).count();
}

} // namespace pandora::supervisor::app
