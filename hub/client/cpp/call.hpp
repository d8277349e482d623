// What a call carries and how it ends: the plain values that the protocol engine and the client's users share.
#pragma once

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pandora::hub::client {

/// Keeps the order of an object's members, so that what a peer wrote is shown and passed on as it wrote it.
using Json = nlohmann::ordered_json;

using TimePoint = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

/// Bytes that are no JSON: parameters or a result of whatever form both sides agree on. They never change, but for what
/// a client that breaks the rules does to its own shared memory: copy what has come before you check it and then rely
/// on that. Copies share them. Only clients that both speak the native dialect can exchange them, others are told
/// `unsupported`.
class Bytes {
public:
    Bytes() = default;

    explicit Bytes(std::string own) : owner_{std::make_shared<const std::string>(std::move(own))}
    {
        const auto& kept = *static_cast<const std::string*>(owner_.get());
        view_ = std::as_bytes(std::span{kept});
    }

    explicit Bytes(std::vector<std::byte> own) : owner_{std::make_shared<const std::vector<std::byte>>(std::move(own))}
    {
        view_ = *static_cast<const std::vector<std::byte>*>(owner_.get());
    }

    /// Bytes that stay where they are as long as `owner` lives.
    Bytes(std::span<const std::byte> view, std::shared_ptr<const void> owner) : owner_{std::move(owner)}, view_{view} {}

    std::span<const std::byte> span() const { return view_; }

    std::string_view text() const { return {reinterpret_cast<const char*>(view_.data()), view_.size()}; }

    std::size_t size() const { return view_.size(); }

    bool operator==(const Bytes& other) const { return text() == other.text(); }

private:
    std::shared_ptr<const void> owner_;
    std::span<const std::byte> view_;
};

/// Why a call did not return a value. `name` is the error's name on the wire where it has one, else "Error".
///
/// Names that the hub gives:
/// - PandoraNoRouteError: nobody matches;
/// - PandoraPeerGoneError: the callee went before it answered; it may have acted;
/// - MessengerRequestTimeoutError: no answer in time; also given here, when the hub is silent;
/// - PandoraBusyError: the callee does not keep up, or this client has too much in flight;
/// - PandoraDeniedError: the app's policy does not allow it;
/// - PandoraTooLargeError, PandoraUnsupportedError, PandoraInvalidError, PandoraShuttingDownError: as they say.
///
/// Names that this library itself gives, here or (busy, too_large) at the callee:
/// - PandoraConnectionLostError: the hub went away, or this client was stopped;
/// - PandoraCanceledError: by CallHandle::cancel();
/// - no_route: an npm hub that knows nobody;
/// - busy: too much is queued, or what fits no frame finds no room in shared memory; later there may be some;
/// - too_large: more than a frame takes, or for Bytes shared memory (Options::pooled_from); it never fits;
/// - PandoraUnsupportedError: the hub, the callee or this caller cannot take bytes, or not so many;
/// - PandoraMalformedFrameError: the answer, or the callee's copy of the call, is JSON that this library cannot read: a
///   number beyond double, say.
///
/// Every other name is the callee's.
struct CallError {
    std::string name;
    std::string message;
    std::string process = {};                   // whose fault it is, where the hub knows
    std::optional<std::uint32_t> instance = {}; // of that process
    std::string reason = {}; // what the supervisor knows: "web crashed: SIGSEGV; restarting in 400 ms"
    bool operator==(const CallError&) const = default;
};

/// What the app's policy does not let this client do.
struct Denial {
    std::string object;
    std::string event; // of a subscription; empty: to publish the object
    CallError why;
    bool operator==(const Denial&) const = default;
};

/// Parameters of a call.
using Payload = std::variant<Json, Bytes>;

/// How a call ended: look with std::get_if for the value, the error and, where they were asked for, bytes. Bytes only
/// where the caller has said that it takes them (CallOptions::bytes). A method may also be done without any result, as
/// a JavaScript function without `return` is: absent(), which reads as null to those who do not ask.
class Outcome : public std::variant<Json, CallError, Bytes> {
public:
    using variant::variant;

    static Outcome absent()
    {
        Outcome outcome{Json{}};
        outcome.absent_ = true;
        return outcome;
    }

    bool is_absent() const { return absent_; }

    bool operator==(const Outcome&) const = default;

private:
    bool absent_ = false;
};

/// W3C Trace Context: goes with a call from hop to hop.
struct Trace {
    std::array<std::byte, 16> trace_id{};
    std::array<std::byte, 8> span_id{};
    std::uint8_t flags = 0; // 0x01: sampled
    bool operator==(const Trace&) const = default;
};

/// Whether a call that is being handled is still wanted. Methods use it through Call.
class Cancellation {
public:
    bool canceled() const { return canceled_; }

    /// Runs `handler` when the caller cancels or goes, at once if it has already.
    void notify(std::function<void()> handler)
    {
        if (canceled_) return handler();
        handler_ = std::move(handler);
    }

    void cancel()
    {
        canceled_ = true;
        if (const auto handler = std::exchange(handler_, nullptr)) handler();
    }

    /// The call was answered: nobody can cancel it any more, and what the handler holds is let go.
    void forget() { const auto dropped = std::exchange(handler_, nullptr); }

private:
    std::function<void()> handler_;
    bool canceled_ = false;
};

/// One call to an object published here, as its Method gets it. `source` is who calls, as the hub verified it (never as
/// the caller says): members client, app, process, instance, pid, uid; an empty object where the hub does not tell.
struct Call {
    Json params = Json::array(); // an array; null where the parameters are `bytes`
    Json source = Json::object();
    std::optional<Bytes> bytes = {};
    std::optional<TimePoint> deadline = {}; // nobody waits for the answer any longer than this
    std::optional<Trace> trace = {};
    std::uint32_t sender = 0; // the hub's number of the caller's connection, 0 where it has none
    bool takes_parts = false; // Reply::part() is of use: the caller asked for a stream, and the hub passes it on
    std::shared_ptr<Cancellation> cancellation = std::make_shared<Cancellation>();

    /// Runs `handler` once, on the client's thread, when the answer is not wanted any more: the caller canceled or is
    /// gone. Not after the call was answered. The call may be answered all the same.
    void on_cancel(std::function<void()> handler) const { cancellation->notify(std::move(handler)); }

    bool canceled() const { return cancellation->canceled(); }
};

/// Who is called: those that match all that is said here. At least one member has to be.
struct Selector {
    std::string object;
    std::string tag; // prefers those of this tag; nobody is excluded by it
    std::string app;
    std::string process;
    std::string pid; // a string by the protocol's convention
    std::string client_id;

    Selector() = default;

    Selector(std::string object_name) : object{std::move(object_name)} {} // NOLINT: an object's name is a selector

    Selector(const char* object_name) : object{object_name} {} // NOLINT: likewise

    bool operator==(const Selector&) const = default;
};

/// How a call is made. All members but `timeout` and `deadline` need a hub of pandora.
struct CallOptions {
    std::optional<Millis> timeout = {};     // from now. Without it and a deadline: Options::call_timeout
    std::optional<TimePoint> deadline = {}; // the earlier of the two ends the call
    bool idempotent = false;                // may be given to another callee when the first one dies
    bool wait = false;                      // with nobody there, wait for somebody until the call's end
    std::string sticky = {};                // at most 64 bytes; equal keys go to the same callee
    bool spread = false;                    // with `sticky`: but not to a congested one
    std::optional<Trace> trace = {};
    bool bytes = false; // the result may be Bytes

    /// For what a method calls meanwhile: ends when its own call ends, and belongs to the same trace.
    static CallOptions inherit(const Call& call)
    {
        CallOptions options;
        options.deadline = call.deadline;
        options.trace = call.trace;
        return options;
    }
};

/// The end of invoke_all(): how many were asked and how many answered in time.
struct Gathered {
    std::uint32_t asked = 0;
    std::uint32_t answered = 0;
    bool operator==(const Gathered&) const = default;
};

using GatherOutcome = std::variant<Gathered, CallError>;

/// What the hub does with events that a subscriber does not take in time.
enum class Overflow : std::uint8_t {
    drop_new,   // the new one is lost
    drop_old,   // the oldest is lost
    last_value, // of each event name only the newest waits
    disconnect, // the connection is closed
};

/// Without effect at an npm hub.
struct SubscribeOptions {
    Overflow overflow = Overflow::drop_new;
    std::uint16_t queue = 0;                               // events that may wait in the hub; 0: 1024
    std::function<void(std::uint64_t lost)> on_overflow{}; // before the next event that gets through
};

/// From here on the payload of a call or an answer goes through shared memory. Measured by `scripts/bench hub --only
/// pools`: below it the copies through two sockets cost less than to tell that the memory is free again.
inline constexpr std::size_t pooled_bytes_min = 8 * 1024;

/// How much the hub may send before this client is done with some of it: requests, one-way messages and events, and KiB
/// of their bodies. Beyond it others are asked, or callers are told that this client is busy.
struct Window {
    std::uint16_t messages = 256;
    std::uint16_t kib = 4096;
};

} // namespace pandora::hub::client
