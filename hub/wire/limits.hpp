// Every bound of the hub, with its unit and where the number comes from. "Choice" marks a number nobody
// measured.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pandora::hub::wire {

inline constexpr std::size_t kibibyte = 1024;
inline constexpr std::size_t mebibyte = 1024 * kibibyte;

/// Containers inside containers. Choice: Python's json module gives up near 1000 levels, and no peer may be
/// able to send another one a body that its parser cannot take.
inline constexpr std::size_t json_depth_max = 512;

/// A frame in the hub's hand may outgrow the frame its sender wrote, by the longer action name, by the
/// reply's number and by the source stamp. Choice: several times the largest stamp.
inline constexpr std::size_t rewrap_bytes_max = 4 * kibibyte;

/// The bounds an owner may change; the rest of the hub reads them from here only.
struct Limits {
    /// Body of one frame of a client that is online. Choice: holds a large configuration; gRPC's default is 4
    /// MiB, NATS' 1 MiB, D-Bus' 128 MiB.
    std::uint32_t frame_bytes_max = 16 * mebibyte;

    /// The same before ONLINE_UP: a connection that has not said who it is gets less of the hub's memory.
    /// Choice.
    std::uint32_t frame_bytes_max_offline = 1 * mebibyte;

    /// From the first byte of a frame to its last. Choice: 16 MiB in 30 s is 0.5 MiB/s, far below any local
    /// socket.
    std::chrono::milliseconds frame_completion_max{30'000};

    /// Malformed bodies (framing intact) that a connection may send in a minute before it is closed. Choice:
    /// enough to see a bug repeat in the log, too few to fill it.
    std::uint32_t malformed_per_minute_max = 16;

    /// A queue above this for `queue_patience` is congested, and so is one that has not moved at all for that
    /// long: requests for its owner are answered busy. Redis' soft limit for subscribers has the same shape
    /// (8 MiB, 60 s).
    /// One that is above it and has not moved at all for that long is given up: its owner is disconnected. To
    /// move is to hand bytes to the kernel, which has room again when 192 of the 228 KiB that a socket holds
    /// have been read (measured, Linux' default buffer): 20 KiB/s is moving.
    std::size_t queue_bytes_soft = 1 * mebibyte;
    std::chrono::milliseconds queue_patience{10'000};

    /// What strangers may put into a queue: a request that would fill it further is answered busy. The rest
    /// is kept for the answers that the owner has asked for itself, so that a busy caller cannot get its
    /// callee disconnected.
    std::size_t queue_bytes_requests = 8 * mebibyte;

    /// A queue never holds more; its owner is disconnected instead. One frame of the largest size fits an
    /// empty queue.
    std::size_t queue_bytes_hard = 16 * mebibyte + rewrap_bytes_max;

    /// Everything the hub holds for all connections: queues, half-gathered answers, selectors, frames that
    /// have begun to arrive. Above it the connection that holds most is disconnected. Choice: bearable for a
    /// 1 GiB machine, many times the need of a healthy app.
    std::size_t total_bytes_max = 256 * mebibyte;

    /// Requests fill a queue to this part of what total_bytes_max leaves free, so that one client's flood to
    /// many does not get the slowest of them disconnected, and queues that nobody reads leave room for
    /// others: dynamic thresholds (Choudhury and Hahne, 1998). Choice: 16 lets one queue have its 8 MiB while
    /// half of the memory is free; a hundred that fill up leave 35 MiB.
    std::size_t request_share = 16;

    /// Calls of one client that wait for an answer (each callee of a multi-invoke counts). Choice: 30 times
    /// the 128 of the pipelining benchmark.
    std::uint32_t calls_in_flight_max = 4096;

    /// Connections that were accepted and wait to be told who they are; one more is closed. Choice: eight
    /// times a usual backlog (SOMAXCONN was 128), since they hold no memory but a descriptor each.
    std::size_t unidentified_max = 1024;

    /// Selectors of one client, and the text of one: also of one that is asked for, and of the location that
    /// a gathered answer repeats. Choice: dbus-daemon allows 16384 match rules to a whole user.
    std::size_t selectors_max = 1024;
    std::size_t selector_bytes_max = 16 * kibibyte;

    /// A call's time is clamped to this range. 1 ms is what Node's setTimeout makes of anything below; a day
    /// is longer than anything that deserves to be called a call.
    std::chrono::milliseconds call_timeout_min{1};
    std::chrono::milliseconds call_timeout_max{24 * 3600 * 1000};

    /// Of a call that names no timeout. The npm client's own default (TIMEOUT_OF_RESPONSE).
    std::chrono::milliseconds call_timeout{5'000};
};

} // namespace pandora::hub::wire
