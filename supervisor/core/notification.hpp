// What a worker tells the supervisor in one datagram on NOTIFY_SOCKET; see sd_notify(3).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace pandora::supervisor::core {

/// Longer datagrams are refused whole; the size at which systemd stops reading.
inline constexpr std::size_t notification_bytes_max = 4096;

/// Durations above it count as this one, which is for ever but can be added to a point in time: 100 years.
inline constexpr std::chrono::microseconds notified_duration_max = std::chrono::hours{24 * 365 * 100};

enum class Heartbeat : std::uint8_t {
    alive,   // WATCHDOG=1
    trigger, // WATCHDOG=trigger: the worker itself asks to be treated as if it had missed one
};

/// Each member is absent (or false) where the datagram does not say it. Several may come together.
struct Notification {
    bool ready = false;                                       // READY=1: started, or reloaded
    bool reloading = false;                                   // RELOADING=1; READY=1 will tell when it has
    std::optional<std::chrono::microseconds> monotonic;       // MONOTONIC_USEC: when it began to, on CLOCK_MONOTONIC
    bool stopping = false;                                    // STOPPING=1
    std::optional<std::string> status;                        // STATUS: one line of UTF-8 without control characters
    std::optional<pid_t> main_pid;                            // MAINPID: above 0; nothing tells whose it is
    std::optional<Heartbeat> watchdog;                        // WATCHDOG
    std::optional<std::chrono::microseconds> watchdog_period; // WATCHDOG_USEC: from now on; 0 = no watchdog
    std::optional<std::chrono::microseconds> extend_timeout;  // EXTEND_TIMEOUT_USEC: it needs so long from now
    std::optional<int> error_number;                          // ERRNO
    bool barrier = false;                                     // BARRIER=1

    /// The first thing in it that makes no sense, as a phrase for people. What it says beside that counts.
    std::optional<std::string> complaint;

    bool operator==(const Notification&) const = default;
};

/// `datagram` comes from a stranger: any bytes. Unknown names, among them the file descriptor store's, are passed over
/// in silence, as sd_notify(3) asks; of several lines of one name the first counts. Pure.
Notification parse_notification(std::string_view datagram);

} // namespace pandora::supervisor::core
