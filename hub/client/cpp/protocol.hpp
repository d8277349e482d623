// The client's side of the legacy dialect as a pure machine: frames and requests in, events and bytes out. It
// knows no socket and no clock; the caller passes the time and moves the bytes.
//
//   offline -> greeting     connected(): ONLINE_UP is on its way
//   greeting -> publishing  ONLINE answered: a PUBLISH_UP for each object, and for each `<name>@subscriber`
//   publishing -> online    all answered: SUBSCRIBEs, then everything that waited meanwhile
//   online -> leaving       leave(): OFFLINE_UP is on its way
//   any -> offline          disconnected(): calls in flight fail, what has not been sent yet goes on waiting
//   any -> ended            end(): everything fails, for good
#pragma once

#include "hub/client/cpp/call.hpp"
#include "hub/client/cpp/frame_reader.hpp"
#include "hub/client/cpp/outbox.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace pandora::hub::client {

using TimePoint = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

enum class RequestId : std::uint64_t {}; // something awaited from the hub or through it
enum class AnswerId : std::uint64_t {};  // a call handled here, still to be answered

struct Limits {
    std::uint32_t frame_bytes_max = 16 * 1024 * 1024; // as the hub's default
    std::size_t queue_bytes_max = 16 * 1024 * 1024;   // waiting for a connection, or for the kernel to take it
    std::size_t calls_handled_max = 65'536;           // handed to this client's methods and not answered yet; a choice
    std::size_t nesting_max = 512;                    // of arrays and objects in one frame; as the hub's
    Millis hub_answer_max{5'000};                     // ONLINE, PUBLISH, SUBSCRIBE; as the npm client waits
    Millis call_timeout_max{86'400'000};              // a day; npm hubs' timers fire at once beyond 2^31 ms
    Millis leave_max{1'000};                          // OFFLINE and the answers still owed
    Millis resubscribe_after{1'000};                  // a SUBSCRIBE that found no provider is tried again; a choice
};

/// An event of an object.
struct Topic {
    std::string object;
    std::string event;
    auto operator<=>(const Topic&) const = default;
};

struct Invocation {
    std::string object;
    std::string method;
    Json params = Json::array();
};

struct BecameOnline {}; // announced, and all published

struct Refused { // the hub would not, or did not in time, accept an announcement: reconnect
    std::string reason;
};

struct Finished { // exactly one for each RequestId that invoke() returned
    RequestId call{};
    Outcome outcome;
};

struct Invoked { // a method published here is called; answer() it once
    AnswerId answer{};
    std::string object;
    std::string method;
    Call call;
};

struct Notified { // an event subscribed to happened; answer() it once
    AnswerId answer{};
    Topic topic;
    Json params;
};

struct Left {}; // after leave(): nothing is left to wait for

using Event = std::variant<BecameOnline, Refused, Finished, Invoked, Notified, Left>;

/// What the peer did that ends the connection.
struct Violation {
    std::string what;
};

/// One client's state. Not thread-safe. `now` never decreases. Every member function may append events.
class Protocol {
public:
    /// `host` is what this client calls itself on the wire; the first frame gets the id after
    /// `last_packet_id`.
    explicit Protocol(Json host, Limits limits = {}, std::uint32_t last_packet_id = 0);

    void connected(TimePoint now);
    void disconnected();
    void end();
    void leave(TimePoint now);

    /// Bytes from the hub. A Violation says that the connection has to be dropped: what the bytes are cannot be
    /// told any more. What a frame holds is no reason, for other clients have written it.
    std::optional<Violation> receive(std::span<const std::byte> bytes, TimePoint now);

    /// The first time at which expire() has something to do.
    std::optional<TimePoint> next_deadline() const;
    void expire(TimePoint now);

    void publish(const std::string& object, std::vector<std::string> methods, TimePoint now);
    void unpublish(const std::string& object, TimePoint now);
    void emit(const Topic& topic, Json params, TimePoint now);
    RequestId invoke(Invocation what, Millis timeout, TimePoint now);
    void send(Invocation what, TimePoint now);
    void subscribe(const Topic& topic, TimePoint now);
    void unsubscribe(const Topic& topic, TimePoint now);

    /// Answers of an earlier connection, and second ones, are ignored. nullopt: done, with nothing to say.
    void answer(AnswerId id, std::optional<Outcome> outcome);

    std::vector<Event> take_events() { return std::exchange(events_, {}); }

    /// The bytes to write, in order; call output_written() when the kernel has taken them all.
    std::vector<std::string> take_output() { return outbox_.take(); }

    void output_written();

private:
    enum class Phase : std::uint8_t { offline, greeting, publishing, online, leaving, ended };

    struct ForCaller {};

    struct ForOnline {};

    struct ForPublish {
        std::string object;
    };

    struct ForUnpublish {};

    struct ForSubscribe {
        Topic topic;
    };

    struct ForOffline {};

    using Purpose = std::variant<ForCaller, ForOnline, ForPublish, ForUnpublish, ForSubscribe, ForOffline>;

    struct Request {
        TimePoint deadline;
        Millis timeout;
        Purpose purpose;
        std::uint32_t packet = 0; // of the frame that carries it; 0 = not sent yet
    };

    struct Waiting { // a message kept until there is a connection
        Json message;
        std::size_t bytes = 0;
    };

    struct Owed {
        std::uint32_t packet = 0;
        Json caller;
    };

    bool carries_messages() const { return phase_ == Phase::online || phase_ == Phase::leaving; }

    bool carries_publishes() const { return phase_ == Phase::publishing || carries_messages(); }

    void announce(TimePoint now);
    void publish_all(TimePoint now);
    void go_online_if_published(TimePoint now);
    void flush_waiting(TimePoint now);
    void leave_if_done();
    void fail(RequestId id);

    RequestId next_request() { return RequestId{++last_request_}; }

    RequestId open(Millis timeout, Purpose purpose, TimePoint now);
    std::optional<Request> close(RequestId id);
    void settle(RequestId id, Outcome outcome, TimePoint now);
    void sent(RequestId id, std::uint32_t packet);

    void ask_hub(std::string_view action, Json data, Purpose purpose, TimePoint now);
    void request_publish(const std::string& object, TimePoint now);
    void request_unpublish(const std::string& object, TimePoint now);
    void request_subscribe(const Topic& topic, TimePoint now);
    Json publication_of(const std::string& object) const;

    void deliver(RequestId id, Json message, TimePoint now);
    std::uint32_t push(std::string body);

    void on_frame(const Frame& frame, TimePoint now);
    void on_unreadable(const Frame& frame, TimePoint now);
    void on_purpose(const ForCaller& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForOnline& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForPublish& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForUnpublish& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForSubscribe& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForOffline& purpose, RequestId id, Outcome outcome, TimePoint now);

    void on_message(std::uint32_t packet, Json message, Json source);
    void on_object_message(AnswerId id, const std::string& action, Json message, Json source);
    void on_invoke(AnswerId id, const std::string& object, Json message, Json source);
    void on_notified(AnswerId id, const std::string& object, Json params);
    bool subscribes_to(const std::string& object) const;
    std::optional<AnswerId> owe(std::uint32_t packet, const Json& message);

    Json host_;
    Limits limits_;
    Phase phase_ = Phase::offline;
    std::uint32_t last_packet_;
    std::uint64_t last_request_ = 0;
    std::uint64_t last_answer_ = 0;

    FrameReader reader_;
    Outbox outbox_;
    std::map<RequestId, Waiting> waiting_; // in the order they were asked for
    std::size_t waiting_bytes_ = 0;

    std::map<std::string, std::vector<std::string>> objects_; // published here: name -> methods
    std::map<Topic, std::optional<TimePoint>> topics_;        // subscribed to -> when to try again
    std::map<RequestId, Request> requests_;
    std::set<std::pair<TimePoint, RequestId>> deadlines_;  // one for each request
    std::unordered_map<std::uint32_t, RequestId> packets_; // sent on this connection and not answered
    std::unordered_map<AnswerId, Owed> owed_;
    std::size_t publishes_pending_ = 0;
    std::optional<TimePoint> leave_deadline_; // set from leave() until Left
    bool offline_answered_ = false;

    std::vector<Event> events_;
};

} // namespace pandora::hub::client
