/// CPU time of the hub's processes, from /proc.
#pragma once

#include <chrono>
#include <sys/types.h>
#include <vector>

namespace pandora::bench::hub_load {

/// Of all threads of all of them, so far; current to a scheduler tick or less (schedstat).
std::chrono::nanoseconds cpu_time_of(const std::vector<pid_t>& processes);

} // namespace pandora::bench::hub_load
