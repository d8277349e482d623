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

/// Direct channels of one client. Choice: a pair needs one, and nobody has a hundred busiest partners. And what is kept
/// of the name of the object that one was asked for, for people; as much as of a name that has a number.
inline constexpr std::size_t channels_of_client_max = 64;
inline constexpr std::size_t channel_object_bytes_max = 256;

/// Pools of one client, and the bytes of one: both are promised (PROTOCOL.md 9.9).
inline constexpr std::size_t pools_of_client_max = 4;
inline constexpr std::uint64_t pool_bytes_max = 256 * mebibyte;

/// Places in pools that the hub remembers to release on a receiver's behalf. Choice: as many as calls in flight; what
/// one owner can take of them, half, still as many as one client's queue of small requests.
inline constexpr std::size_t places_held_max = 4096;

/// What the monitor is shown of a payload. Choice: enough for people, and for most calls to be replayed.
inline constexpr std::size_t tap_payload_max = 64 * kibibyte;

/// Records that wait for the monitor, and bytes of their texts; more are lost, and counted. Choice: what a turn of the
/// loop brings, unless it is a storm.
inline constexpr std::size_t tap_records_max = 16 * kibibyte;
inline constexpr std::size_t tap_bytes_max = 4 * mebibyte;

/// Connections that the hub has ended, remembered to be shown. Choice: what a person reads.
inline constexpr std::size_t cuts_remembered = 64;

/// The policy's decisions that are remembered; a power of two. Choice: what dozens of processes ask of each other. Some
/// hundred bytes each, at worst 9 MiB in all.
inline constexpr std::size_t decisions_max = 4096;

/// Longer objects and names are not looked up in the policy's rules but denied, so that nobody can make a pattern
/// expensive. Choice: four times what the native dialect allows a name.
inline constexpr std::size_t policy_text_bytes_max = 1024;

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

    /// Events go into a queue up to this; then they wait as their subscriptions say (Topics). Choice: what a socket
    /// holds and a little more, so that a reader who is merely busy finds work when it comes back.
    std::size_t queue_bytes_events = 256 * kibibyte;

    /// What strangers may put into a queue: a request that would fill it further is answered busy. The rest
    /// is kept for the answers that the owner has asked for itself, so that a busy caller cannot get its
    /// callee disconnected.
    std::size_t queue_bytes_requests = 8 * mebibyte;

    /// A queue never holds more; its owner is disconnected instead. One frame of the largest size fits an
    /// empty queue.
    std::size_t queue_bytes_hard = 16 * mebibyte + rewrap_bytes_max;

    /// Everything that is charged to connections. Above it the largest connection of the user who holds most is
    /// disconnected. Choice: bearable for a 1 GiB machine, many times the need of a healthy app.
    ///
    /// Charged, with what it takes besides its bytes, to who made the hub keep it, until it is kept no more: queues (to
    /// their owners), frames that have begun, selectors, calls with their legs, parked and idempotent requests,
    /// half-gathered answers, waiters, subscriptions, backlogs (to subscribers), retained events, pools and the places
    /// lent of them (to their owners), what a native client has been told of names and sources.
    /// Not charged, but bounded: numbered texts (names_max, names_bytes_max), remembered targets (targets_bytes_max),
    /// channels (64 a client), and by the number of connections each of them with its buffers.
    std::size_t total_bytes_max = 256 * mebibyte;

    /// Requests fill a queue to this part of what total_bytes_max leaves free, so that one client's flood to
    /// many does not get the slowest of them disconnected, and queues that nobody reads leave room for
    /// others: dynamic thresholds (Choudhury and Hahne, 1998). Choice: 16 lets one queue have its 8 MiB while
    /// half of the memory is free; a hundred that fill up leave 35 MiB.
    std::size_t request_share = 16;

    /// Calls of one client that wait for an answer (each callee of a multi-invoke counts). Choice: 30 times
    /// the 128 of the pipelining benchmark.
    std::uint32_t calls_in_flight_max = 4096;

    /// Calls that wait for one process to come back, and their bytes; one more is answered busy. Choice: a second of a
    /// thousand calls a second, which most restarts take less than; and what strangers may put into a queue.
    std::size_t parked_calls_max = 1024;
    std::size_t parked_bytes_max = 8 * mebibyte;

    /// Connections that were accepted and wait to be told who they are; one more is closed. Choice: eight
    /// times a usual backlog (SOMAXCONN was 128), since they hold no memory but a descriptor each.
    std::size_t unidentified_max = 1024;

    /// Descriptors of the hub process that no connection may take: its own (some 10), those of the metrics' readers,
    /// pidfds of those who are being identified. Choice: as many as the master keeps.
    std::size_t descriptors_reserved = 32;

    /// Places that only root gets: whoever looks why everything is full must get in. Choice.
    std::size_t connections_kept_for_root = 8;

    /// Connections of one user, and never more than half of all places. Not for root and the app's owner, whose
    /// workers are the app. Choice: four times the replicas of a large app.
    std::size_t connections_of_user_max = 4096;

    /// Connections of one process, whoever's. Choice: the usual limit of its own descriptors.
    std::size_t connections_of_process_max = 1024;

    /// Connections of one user that are not online. Choice: twice unidentified_max, whose connections it counts as
    /// well.
    std::size_t offline_of_user_max = 2048;

    /// New connections of one user: so many at once, and on average so many a second. All that are there come again at
    /// once when the hub was replaced, hence the first, equal to what a user may have. The second is ten times what
    /// systemd.socket(5) lets a socket start (TriggerLimitBurst: 200 in 2 s): a start of many workers is no flood.
    std::size_t newcomers_at_once_max = 4096;
    std::size_t newcomers_per_second = 1000;

    /// Descriptors that wait in one queue to be written: a frame with more has to be refused. Each takes a place in the
    /// hub's own table. Choice: sixteen frames of the most that a frame may carry.
    std::size_t fds_queued_max = 64;

    /// Descriptors of clients that the hub keeps, for all of them: in queues, of pools, and those that wait for the
    /// rest of their frame. What would take more is answered busy, or dropped and counted. The hub sets it by its own
    /// limit of descriptors, of which connections get the rest: a quarter. Choice: a descriptor stays for a moment, a
    /// connection for as long as its client runs.
    std::size_t fds_max = 256;
    static constexpr std::size_t fds_share = 4;

    /// Selectors of one client, and the text of one: also of one that is asked for, and of the location that
    /// a gathered answer repeats. Choice: dbus-daemon allows 16384 match rules to a whole user.
    std::size_t selectors_max = 1024;
    std::size_t selector_bytes_max = 16 * kibibyte;

    /// Subscriptions of one client; also SUBSCRIBEs that the hub remembers of it for a legacy provider. Choice: as many
    /// as selectors.
    std::size_t subscriptions_max = 1024;

    /// Events that wait for one subscription, where it names no number. mosquitto keeps 1000
    /// for a client.
    std::uint32_t backlog_events = 1024;

    /// Bytes of all events that wait for one client; one event of any size always fits. Choice: as much as of
    /// requests.
    std::size_t backlog_bytes_max = 8 * mebibyte;

    /// A native client that was not heard for `ping_period` is sent a PING. One that was not heard for `ping_patience`
    /// after that, or whose queue has not moved for so long, is unresponsive. Choice: a worker that is busy for less
    /// (a slow start, a long collection of garbage) is no case for anybody.
    std::chrono::milliseconds ping_period{5'000};
    std::chrono::milliseconds ping_patience{10'000};

    /// Texts that have numbers (Names), of all clients and at the wish of one; the bytes of all. Choice: many times
    /// what an app has objects, methods and events.
    std::size_t names_max = 16 * 1024;
    std::size_t names_of_client_max = 2048;
    std::size_t names_bytes_max = 4 * mebibyte;
    std::size_t name_bytes_max = 256;

    /// Whom selectors reach, remembered for all clients (Targets): above it all of it is forgotten, and looked up again
    /// as it is asked for. Choice: what a thousand objects with a thousand providers each take, twice.
    std::size_t targets_bytes_max = 16 * mebibyte;

    /// WAIT_FORs of one client, with what it asks of the hub's own object instead. Choice: many times what a process
    /// needs to begin its work.
    std::size_t waiters_max = 64;

    /// How long the hub waits for the supervisor to say why a callee has gone, before it answers the callers without
    /// that. Choice: a hundred times what it takes on an idle machine, twice what it took on one that was ten times
    /// overloaded, and nothing that a person notices.
    std::chrono::milliseconds mourning{100};

    /// A call's time is clamped to this range. 1 ms is what Node's setTimeout makes of anything below; a day
    /// is longer than anything that deserves to be called a call.
    std::chrono::milliseconds call_timeout_min{1};
    std::chrono::milliseconds call_timeout_max{24 * 3600 * 1000};

    /// Of a call that names no timeout. The npm client's own default (TIMEOUT_OF_RESPONSE).
    std::chrono::milliseconds call_timeout{5'000};
};

} // namespace pandora::hub::wire
