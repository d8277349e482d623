// What the hub counts. Nothing is dropped, refused or closed without one of these reasons.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace pandora::hub::core {

/// How a call that wanted an answer ended. `app_error`: the callee answered with success false.
enum class CallEnd : std::uint8_t {
    ok,
    app_error,
    no_route,
    peer_gone,
    deadline,
    busy,
    too_large,
    shutting_down,
    invalid,
    caller_gone,
    denied,
    unsupported,
    canceled, // by the caller
};
inline constexpr std::size_t call_end_count = 13;

/// Why something that a client sent went nowhere.
enum class Drop : std::uint8_t {
    malformed,   // no JSON, no UTF-8, too deep
    no_envelope, // JSON, but no object with an action
    unknown_action,
    wrong_shape,   // an action whose data the hub cannot read
    too_large,     // a frame above the limit
    no_route,      // a one-way message that nobody matches
    busy,          // a one-way message for a connection that does not keep up
    late_reply,    // to a call that has ended: timed out, answered already, or its caller is gone
    forged_reply,  // to a call that this connection was never given
    receiver_gone, // frames that were queued for a connection when it ended
    shutting_down, // a one-way message that came when the hub was about to end
    descriptors,   // that came where none may, or more than the frame said: closed
    expired,       // a one-way message that waited in vain for somebody to give it to
    denied,        // a one-way message or event that the policy does not allow
    unsupported,   // a one-way message that its receiver cannot be told, or that the hub does not know
    not_publisher, // an event of an object that its sender does not publish
    overflow,      // events that a subscriber was too slow for
    monitor,       // what happened faster than the monitor was shown it
    unasked,       // answers with more to come that nobody has granted
};
inline constexpr std::size_t drop_count = 19;

/// Why a connection ended.
enum class Disconnect : std::uint8_t {
    peer_closed,
    io_error,
    slow_reader,   // its queue was full, or above the soft limit and did not move
    memory_budget, // it held most when the hub's memory ran out
    frame_too_large,
    frame_timeout, // a frame that was begun did not arrive
    malformed,     // too many malformed bodies in a minute
    uid_not_allowed,
    too_many_unidentified, // it came while too many others waited to be told who they are
    shutting_down,
    protocol_error,      // of a native connection: a frame that cannot be understood, or without its descriptors
    out_of_descriptors,  // no room for a connection, or for descriptors that came or were to be sent
    too_many,            // it came while as many were there as the hub has descriptors for
    too_many_of_user,    // ... as its user may have
    too_many_of_process, // ... as its process may have
    too_many_offline,    // ... as its user may have that are not online
    too_fast,            // its user has made too many in a short time
    denied,              // in strict mode: it calls itself what it is not
};
inline constexpr std::size_t disconnect_count = 18;

std::string_view name_of(CallEnd end);
std::string_view name_of(Drop reason);
std::string_view name_of(Disconnect reason);

/// An array with one counter for each value of an enumeration.
template <class Enum, std::size_t count>
class CounterSet {
public:
    void add(Enum which, std::uint64_t n = 1) { counts_[static_cast<std::size_t>(which)] += n; }

    std::uint64_t operator[](Enum which) const { return counts_[static_cast<std::size_t>(which)]; }

    /// Calls `f(which, count)` for every value.
    template <class F>
    void each(F f) const
    {
        for (std::size_t i = 0; i < count; ++i) f(static_cast<Enum>(i), counts_[i]);
    }

private:
    std::array<std::uint64_t, count> counts_{};
};

/// Durations of calls; the bounds suit local calls of microseconds up to the default timeout of 5 s.
class DurationHistogram {
public:
    static constexpr std::array<double, 16> bounds_seconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                           0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};

    void add(std::chrono::nanoseconds duration);

    /// How many were at most bounds_seconds[i].
    std::array<std::uint64_t, bounds_seconds.size()> cumulative() const;

    std::uint64_t count() const { return count_; }

    double sum_seconds() const { return sum_seconds_; }

private:
    std::array<std::uint64_t, bounds_seconds.size()> within_{}; // above the bound before, at most this one
    std::uint64_t count_ = 0;
    double sum_seconds_ = 0;
};

using CallEnds = CounterSet<CallEnd, call_end_count>;
using Drops = CounterSet<Drop, drop_count>;

struct Counters {
    std::uint64_t connections_total = 0;
    std::uint64_t frames_received = 0, bytes_received = 0;
    std::uint64_t frames_sent = 0, bytes_sent = 0;
    CallEnds calls;
    Drops dropped;
    CounterSet<Disconnect, disconnect_count> disconnects;
    DurationHistogram call_duration;
    std::map<std::string, CallEnds> by_process;      // calls that its instances were given
    std::map<std::string, Drops> dropped_by_process; // what its instances sent, or were to be sent
};

} // namespace pandora::hub::core
