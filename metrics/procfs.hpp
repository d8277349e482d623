// What /proc says of one process.
#pragma once

#include "metrics/snapshot.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace pandora::metrics {

/// The fields of /proc/PID/stat that we use, in the kernel's units.
struct StatFields {
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
    std::uint64_t threads = 0;
    std::uint64_t resident_pages = 0;
    bool operator==(const StatFields&) const = default;
};

/// Reads one line of /proc/PID/stat; nullopt when it is cut short or no such line. Pure.
std::optional<StatFields> parse_stat(std::string_view line);

/// Reads the usage of `pid`; nullopt when the process is gone. Reads files, so keep it off the threads that
/// must not wait. `pid` names whatever process has that number now: the caller knows that its process was not
/// reaped yet.
std::optional<ProcessUsage> read_usage(pid_t pid, const std::filesystem::path& proc = "/proc");

} // namespace pandora::metrics
