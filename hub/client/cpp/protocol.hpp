// The client's side of the protocol as a pure machine: bytes and requests in, events and bytes out. It knows no socket
// and no clock; the caller passes the time and moves the bytes. What is said is decided here, how in the dialects: the
// legacy one, and the native one from the moment at which a hub grants it to the end of that connection. On a direct
// channel there is no hub: both sides speak native from the first byte, and of the phases there is only online.
//
//   offline -> greeting     connected(): ONLINE_UP is on its way
//
//   greeting -> publishing  ONLINE answered: a PUBLISH_UP for each object, and in the legacy dialect for each
//                           `<name>@subscriber`
//
//   publishing -> online    all answered: SUBSCRIBEs, then everything that waited meanwhile
//
//   online -> leaving       leave(): OFFLINE_UP is on its way
//
//   any -> offline          disconnected(): calls in flight fail, what has not been sent yet goes on waiting
//
//   any -> ended            end(): everything fails, for good
#pragma once

#include "hub/client/cpp/call.hpp"
#include "hub/client/cpp/credit.hpp"
#include "hub/client/cpp/interface.hpp"
#include "hub/client/cpp/legacy_dialect.hpp"
#include "hub/client/cpp/message.hpp"
#include "hub/client/cpp/native_dialect.hpp"
#include "hub/client/cpp/outbox.hpp"
#include "hub/client/cpp/requests.hpp"
#include "hub/wire/decoder.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
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

enum class AnswerId : std::uint64_t {}; // a call handled here, still to be answered

struct Limits {
    std::uint32_t frame_bytes_max = 16 * 1024 * 1024; // as the hub's default
    std::size_t queue_bytes_max = 16 * 1024 * 1024;   // waiting for a connection, or for the kernel to take it
    std::size_t calls_handled_max = 65'536;           // handed to this client's methods and not answered yet; a choice
    std::size_t nesting_max = 512;                    // of arrays and objects in one frame; as the hub's
    Millis hub_answer_max{5'000};                     // ONLINE, PUBLISH, SUBSCRIBE; as the npm client waits
    Millis call_timeout_max{86'400'000};              // a day; npm hubs' timers fire at once beyond 2^31 ms
    Millis leave_max{1'000};                          // OFFLINE and the answers still owed
    Millis ask_again_after{1'000};                    // a SUBSCRIBE, or a wait, that found nobody; a choice
    Millis hub_late_max{50};                          // the hub ends a call in time and can say why; a choice
};

struct Invocation {
    Selector to;
    std::string name = {}; // of the method or property
    Payload params = Json::array();
    CallOptions options = {};
    wire::Act act = wire::Act::call;
    std::uint16_t parts = 0; // of a stream that may be under way at once
};

struct BecameOnline {}; // announced, and all published

struct Refused { // the hub would not, or did not in time, accept an announcement: reconnect
    std::string reason;
};

struct Denied { // not asked for again on this connection
    Denial what;
};

struct Finished { // exactly one for each RequestId that was returned
    RequestId call{};
    Outcome outcome; // of a call of all: {"asked", "answered"}
};

struct Partial { // one answer of several, before Finished; part_taken() it
    RequestId call{};
    Json who = Json::object(); // of a call of all: the callee, where the hub tells
    Outcome outcome;
};

struct Invoked { // a method published here is called; answer() it once
    AnswerId answer{};
    std::string object;
    std::string method;
    Call call;
};

struct PropertyAsked { // of an object published here; answer() it once
    AnswerId answer{};
    std::string object;
    std::string property;
};

struct IntrospectionAsked { // of an object published here; answer() it once
    AnswerId answer{};
    std::string object;
};

struct Canceled { // the answer is not wanted any more; it may be given all the same
    AnswerId answer{};
};

struct PartsWanted { // part() may be tried again
    AnswerId answer{};
};

struct Notified { // an event that somebody here has subscribed to happened; answer() it once
    AnswerId answer{};
    Topic topic;
    Json params;
};

struct Overflowed { // events of a subscription were lost
    Topic topic;
    std::uint64_t lost = 0;
};

struct ChannelOpened { // in place of Finished
    RequestId call{};
    std::uint32_t number = 0;
    Json peer = Json::object(); // the callee, as the hub verified it
    OwnedFd socket;
};

struct ChannelOffered { // to this client
    std::uint32_t number = 0;
    Json peer = Json::object(); // the caller, as the hub verified it
    OwnedFd socket;
};

struct ChannelEnded { // the other's connection to the hub has ended: the channel has to be closed
    std::uint32_t number = 0;
};

struct GoingAway {}; // the hub will send no new requests

struct Left {}; // after leave(): nothing is left to wait for

using Event =
    std::variant<BecameOnline, Refused, Denied, Finished, Partial, Invoked, PropertyAsked, IntrospectionAsked, Canceled,
                 PartsWanted, Notified, Overflowed, ChannelOpened, ChannelOffered, ChannelEnded, GoingAway, Left>;

/// What the peer did that ends the connection.
struct Violation {
    std::string what;
};

/// One client's state. Not thread-safe. `now` never decreases. Every member function may append events.
class Protocol {
public:
    /// `host` is what this client calls itself on the wire; without an `offer` the native dialect is not asked for. The
    /// first frame gets the id after `last_packet_id`.
    explicit Protocol(Json host, std::optional<NativeOffer> offer = NativeOffer{}, Limits limits = {},
                      std::uint32_t last_packet_id = 0);

    /// One end of a direct channel to `peer`, who is who the hub says, whatever comes over the channel.
    static Protocol direct(Json peer, NativeOffer offer = {}, Limits limits = {});

    void connected(TimePoint now);
    void disconnected();
    void end();
    void leave(TimePoint now);

    /// Where the next bytes from the hub go, and that so many have come. A Violation says that the connection has to be
    /// dropped: what the bytes are cannot be told any more. What a frame's payload holds is no reason, for other
    /// clients have written it.
    std::span<std::byte> space() { return decoder_.space(); }

    std::optional<Violation> received(std::size_t bytes, TimePoint now, std::vector<OwnedFd> descriptors = {});

    /// The first time at which expire() has something to do.
    std::optional<TimePoint> next_deadline() const;
    void expire(TimePoint now);

    void publish(const std::string& object, Interface what, TimePoint now);
    void unpublish(const std::string& object, TimePoint now);

    /// `params` nullopt takes a retained event back.
    void emit(const Topic& topic, std::optional<Json> params, bool retain, TimePoint now);

    /// Calls one of those that match, or all. `timeout` where the options say nothing.
    RequestId invoke(Invocation what, Millis timeout, TimePoint now);
    RequestId invoke_all(Invocation what, Millis timeout, TimePoint now);
    RequestId wait_for(const Selector& who, Millis timeout, TimePoint now);
    void send(Invocation what, TimePoint now);

    /// Asks for a direct channel to one of those that match.
    RequestId open_channel(const Selector& who, const CallOptions& options, Millis timeout, TimePoint now);

    /// Tells the hub what has gone through a channel since its opening. `is`: ok, or that it has ended.
    void report_channel(std::uint32_t number, const Json& totals, wire::Status is);

    void cancel(RequestId id);

    /// The user is done with a Partial: another may come.
    void part_taken(RequestId id);

    /// Subscribing again replaces what happens at an overflow.
    void subscribe(const Topic& topic, Overflow overflow, std::uint16_t queue, TimePoint now);
    void unsubscribe(const Topic& topic, TimePoint now);

    /// Answers of an earlier connection, and second ones, are ignored.
    void answer(AnswerId id, const Outcome& outcome);

    /// One part before the answer. False: the caller, or the connection, takes none now; PartsWanted follows once it
    /// does. One that is too large for whatever there is ends the call: Canceled follows.
    bool part(AnswerId id, const Payload& what);

    bool speaks_native() const { return native_.has_value(); }

    bool has_events() const { return !events_.empty(); }

    std::vector<Event> take_events() { return std::exchange(events_, {}); }

    /// The bytes to write, in order; call output_written() when the kernel has taken them all.
    std::vector<Chunk> take_output();

    void output_written();

    /// What is to run, on whatever thread, when bytes of a pool are not used any more: take_output() has news.
    void wake_with(std::function<void()> wake) { wake_ = std::move(wake); }

private:
    enum class Phase : std::uint8_t { offline, greeting, publishing, online, leaving, ended };

    struct Waiting { // a message kept until there is a connection, or a number for its selector
        Message message;
        std::size_t bytes = 0;
    };

    struct Pooled { // a message whose payload stands in this pool
        Message message;
        std::uint32_t pool = 0;
    };

    struct Owed {
        std::uint32_t packet = 0;
        bool wants_answer = false;
        bool canceled = false;
        bool pooled = false; // the answer may stand in a pool
        std::uint32_t parts = 0;
        std::size_t bytes = 0; // of its window
        Json caller;           // of the legacy dialect
    };

    struct Subscription {
        Overflow overflow = Overflow::drop_new;
        std::uint16_t queue = 0;
    };

    bool carries_messages() const { return phase_ == Phase::online || phase_ == Phase::leaving; }

    bool carries_publishes() const { return !direct_ && (phase_ == Phase::publishing || carries_messages()); }

    // phases: protocol.cpp
    void announce(TimePoint now);
    void publish_all(TimePoint now);
    void go_online_if_published(TimePoint now);
    void flush_waiting(TimePoint now);
    void leave_if_done();
    void want_held_parts();
    void fail(RequestId id);

    // the ends of requests: protocol_requests.cpp
    RequestId open(Millis timeout, Purpose purpose, TimePoint now);
    std::optional<Request> close(RequestId id);
    void settle(RequestId id, Outcome outcome, TimePoint now);
    void give_up_or_wait(RequestId id, TimePoint now);
    void ask_again(TimePoint now);
    void on_purpose(const ForCaller& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForGatherer& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForPresence& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForChannel& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForOnline& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForPublish& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForUnpublish& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForSubscribe& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForOffline& purpose, RequestId id, Outcome outcome, TimePoint now);
    void on_purpose(const ForNumber& purpose, RequestId id, Outcome outcome, TimePoint now);

    // what this client says: protocol_outgoing.cpp
    RequestId ask(Message message, const CallOptions& options, Millis timeout, Purpose purpose, TimePoint now);
    void deliver(RequestId id, Message message, TimePoint now);
    void keep(RequestId id, Message message);
    void transmit(RequestId id, Message message, TimePoint now);
    Encoded encode(Message& message, const Request* request, TimePoint now);
    std::uint32_t push(OutFrame frame);
    void enqueue(std::uint32_t packet, OutFrame frame);
    bool is_too_large(const OutFrame& frame) const;
    std::optional<CallError> refusal_of(const OutFrame& frame) const;
    bool may_be_pooled(const Message& message) const;
    bool may_be_remembered(const Message& message) const;
    bool is_safer_in_frame(const Message& message) const;
    void remember(RequestId id, Pooled what);
    std::optional<Pooled> take_remembered(RequestId id);
    void send_again(RequestId id, Pooled what, TimePoint now);
    std::optional<Pooling> pooling() const;
    void ask_for_numbers(TimePoint now);
    void ask_hub(std::string_view action, Json data, Purpose purpose, TimePoint now);
    Json publication_of(const std::string& object) const;
    void request_publish(const std::string& object, TimePoint now);
    void request_unpublish(const std::string& object, TimePoint now);
    void request_subscribe(const Topic& topic, TimePoint now);
    void request_unsubscribe(const Topic& topic, TimePoint now);
    bool subscribes_to(const std::string& object) const;
    std::size_t frame_bytes_max() const;

    // what the hub says: protocol_incoming.cpp
    void on(const Nothing&, TimePoint) {}

    void on(JsonAnswered& answered, TimePoint now);
    void on(NativeAnswered& answered, TimePoint now);
    void on(const Unreadable& unreadable, TimePoint now);
    void on(Asked& asked, TimePoint now);
    void on(Happened& happened, TimePoint now);
    void on(EventsLost& lost, TimePoint now);
    void on(const Pinged& pinged, TimePoint now);
    void on(const CancelAsked& asked, TimePoint now);
    void on(const PartsGranted& granted, TimePoint now);
    void on(ChannelGiven& given, TimePoint now);
    void on(const ChannelGone& gone, TimePoint now);
    void on(const GoAwayAsked&, TimePoint now);

    void on(const PlaceFreed&, TimePoint) { want_held_parts(); }

    void on(const AnnounceAsked&, TimePoint now);
    void on(const Misunderstood& misunderstood, TimePoint now);
    void on(const Broken& broken, TimePoint now);

    void on_frame(const wire::Frame& frame, TimePoint now);
    std::optional<std::vector<OwnedFd>> take_descriptors(std::size_t count);
    CallError lost() const;
    void gather(RequestId id, const Json& package, TimePoint now);
    void partial(RequestId id, Json who, Outcome outcome);
    std::optional<AnswerId> owe(Asked& asked);
    void refuse(std::uint32_t packet, const CallError& error);
    void done_with(std::size_t bytes);
    AnswerId answer_id(std::uint32_t packet) const;
    void on_invoke(AnswerId id, Asked& asked);
    void on_raw(AnswerId id, Asked& asked);
    void on_subscriber_called(AnswerId id, const std::string& object, Json params);
    bool is_subscribed(const Topic& topic) const;
    OutFrame answer_frame(const Owed& owed, const Outcome& outcome, std::uint32_t credit);
    std::uint32_t take_credit();
    void push_answer(std::uint32_t packet, OutFrame frame);
    void return_credit();

    LegacyDialect legacy_;
    std::optional<Json> direct_; // whom a direct channel leads to
    std::optional<NativeOffer> offer_;
    std::optional<NativeDialect> native_; // granted on this connection
    Limits limits_;
    Phase phase_ = Phase::offline;
    std::uint32_t last_packet_;
    std::uint32_t connection_ = 0; // counts them, so that an answer of an earlier one is told from the present
    std::uint64_t last_one_way_ = 0;

    wire::FrameDecoder decoder_;
    std::deque<OwnedFd> descriptors_; // of frames that are still to come, in their order
    std::optional<Violation> violation_;
    Outbox outbox_;
    CreditReturn credit_;
    std::map<RequestId, Waiting> waiting_; // in the order they were asked for
    std::size_t waiting_bytes_ = 0;
    std::unordered_map<RequestId, Pooled> pooled_; // under way, for a receiver that cannot read it there
    std::size_t pooled_bytes_ = 0;
    std::function<void()> wake_;

    std::map<std::string, Interface> objects_;                  // published here
    std::map<Topic, Subscription> topics_;                      // subscribed to
    std::set<std::pair<TimePoint, Topic>> topics_again_;        // when to try again to subscribe
    std::set<std::pair<TimePoint, RequestId>> presences_again_; // when to ask again who is there
    Requests requests_;
    std::unordered_map<AnswerId, Owed> owed_;
    std::set<AnswerId> held_; // of those, who had a part refused
    std::size_t publishes_pending_ = 0;
    std::optional<TimePoint> leave_deadline_; // set from leave() until Left
    bool offline_answered_ = false;

    std::vector<Event> events_;
};

} // namespace pandora::hub::client
