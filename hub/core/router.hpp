// The hub without its sockets: frames and deaths in, frames and disconnects out.
//
// The edge reports what happened (connect, receive, disconnect, advance), each with the time; afterwards it
// asks what is to be done: which outboxes have something to write, which connections are to be closed, which
// objects have come and gone. The router never calls back, so nothing can re-enter it, and any incident
// replays as a list of events.
//
// A connection that breaks a rule is only marked while a frame is being handled. What follows from its end -
// routes withdrawn, callers answered, which may break further connections' rules - is worked off at the end
// of each public function (settle), one connection after the other.
#pragma once

#include "hub/core/calls.hpp"
#include "hub/core/counters.hpp"
#include "hub/core/deadlines.hpp"
#include "hub/core/drains.hpp"
#include "hub/core/identity.hpp"
#include "hub/core/ids.hpp"
#include "hub/core/outbox.hpp"
#include "hub/core/routes.hpp"
#include "hub/wire/decoder.hpp"
#include "hub/wire/legacy_json.hpp"
#include "hub/wire/limits.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pandora::hub::core {

/// A connection that the edge has to close: after what its outbox still holds has been offered to the socket
/// once.
struct Closure {
    PeerId peer;
    Disconnect reason;
};

/// An object's first selector appeared on a connection, or its last one is gone.
struct ObjectEvent {
    enum class Kind : std::uint8_t { published, unpublished } kind;
    Identity who;
    std::string object;
};

struct RouteInfo {
    std::string client;
    Identity identity;
    Reach reach;
    bool draining;
    std::vector<std::string> selectors;
};

class Router {
public:
    /// `seed`: of the random choice between equally loaded callees.
    Router(const wire::Limits& limits, std::uint64_t seed, TimePoint now);

    PeerId connect(Identity identity, Reach reach, TimePoint now);

    /// The connection is closed: the last thing that may be said of `peer`. `reason` counts unless the router
    /// itself has asked for the end.
    void disconnect(PeerId peer, Disconnect reason, TimePoint now);

    /// One complete frame. Whatever it holds, the worst it can do is end the connection it came from.
    void receive(PeerId peer, const wire::Frame& frame, TimePoint now);

    /// A frame was announced that is above frame_bytes_max(): it is answered, and the connection ends.
    void receive_oversized(PeerId peer, const wire::FrameHeader& header, TimePoint now);

    /// The state of the connection's input after a read: whether frames were completed by it, and how much it
    /// holds of one that has only begun, which must then be completed in time and is charged to the connection.
    void note_input(PeerId peer, bool completed, std::size_t partial_bytes, TimePoint now);

    /// The longest body that the connection may send now.
    std::uint32_t frame_bytes_max(PeerId peer) const;

    /// Ends what is due.
    void advance(TimePoint now);
    /// When to call advance() at the latest; nullopt: nothing is waiting.
    std::optional<TimePoint> next_deadline() const;

    /// Answers every call in flight, and from now on every call that comes, as shutting down.
    void shut_down(TimePoint now);

    /// From now on an invoke or send goes to this instance only where no other takes it; connections that it makes
    /// later are included. take_drained() tells when nothing is in flight there, at `deadline` at the latest.
    DrainId drain(const InstanceName& name, TimePoint deadline, TimePoint now);

    /// The end of that: the instance is to be served again, or it has ended and the next of its name is another.
    void undrain(const InstanceName& name);

    std::size_t draining() const { return drains_.size(); }

    const Outbox& outbox(PeerId peer) const { return peers_[index_of(peer)]->outbox; }

    /// `bytes` of the connection's outbox were taken by its socket.
    void sent(PeerId peer, std::size_t bytes, TimePoint now);

    /// What there is to do since the last time, by swapping with `into`, whose old content is dropped.
    void take_dirty(std::vector<PeerId>& into);
    void take_closures(std::vector<Closure>& into);
    void take_events(std::vector<ObjectEvent>& into);

    void take_drained(std::vector<Drained>& into) { drains_.take(into); }

    const Counters& counters() const { return counters_; }

    /// Ends that happen before there is a connection.
    void count(Disconnect reason) { counters_.disconnects.add(reason); }

    std::size_t connections() const { return connections_; }

    std::size_t objects() const { return objects_; }

    std::size_t calls_in_flight() const { return calls_.size(); }

    std::size_t queued_bytes() const { return queued_bytes_; }

    /// All that is charged to connections: queues, selectors, half-gathered answers, frames begun.
    std::size_t charged_bytes() const { return charged_bytes_; }

    /// Of the connections that have selectors, the one first that came first; one that went offline and
    /// published again counts as new, as in the npm hub's table.
    std::vector<RouteInfo> routes() const;

private:
    struct Peer {
        Reach reach = Reach::ordinary;
        bool online = false;
        bool wants_source = false;
        bool dirty = false;
        bool doomed = false;
        bool draining = false;
        bool packet_wrapped = false;
        std::uint32_t packet = 0;  // the last id that a frame to it was given
        std::string name;          // "c7"
        std::string source_member; // what its messages are stamped with
        Identity identity;
        Outbox outbox;
        std::size_t held_bytes = 0;                             // charged to it besides its outbox
        std::size_t input_bytes = 0;                            // of these, of a frame that has begun
        std::unordered_map<std::string, std::uint32_t> objects; // that it publishes, by how many selectors
        TimePoint malformed_since{};
        std::uint32_t malformed = 0;

        /// nullopt: not of a supervised process, or pandora's own.
        std::optional<InstanceName> instance_name() const;
    };

    /// A frame being handled.
    struct Inbound {
        PeerId from;
        std::uint32_t packet;
        const wire::LegacyBody& body;
        TimePoint now;
        bool wants_answer = false;
    };

    /// Why something failed, in the words of an error.
    struct Failure {
        CallEnd end;
        Drop drop; // what it counts as where nobody waits for an answer
        std::string_view name;
        std::string message;
    };

    Peer& at(PeerId peer) { return *peers_[index_of(peer)]; }

    const Peer& at(PeerId peer) const { return *peers_[index_of(peer)]; }

    PeerId free_slot();
    void mark_draining(const InstanceName& name, bool draining);

    // router.cpp: connections
    void dispatch(const Inbound& in);
    void malformed(PeerId peer, std::uint32_t packet, TimePoint now);
    void doom(PeerId peer, Disconnect reason);
    void settle(TimePoint now);
    void end_doomed(TimePoint now);
    void evict_largest();
    void detach(PeerId peer, Disconnect reason, TimePoint now);
    void discard_outbox(PeerId peer);
    void watch_queue(PeerId peer, TimePoint now);
    void end_patience(PeerId peer, TimePoint now);
    void hold(PeerId peer, std::size_t bytes);
    void release(PeerId peer, std::size_t bytes);
    std::uint32_t fresh_packet(PeerId peer);
    void enqueue(PeerId to, const OutFrame& frame, TimePoint now);
    void respond(PeerId to, std::uint32_t packet, std::string_view data, TimePoint now);

    // router_registry.cpp: who is who
    void online(const Inbound& in);
    void offline(const Inbound& in);
    void publish(const Inbound& in);
    void unpublish(const Inbound& in);
    void store_selector(const Inbound& in, std::string_view selector);
    void withdrawn(PeerId peer, const std::vector<RouteTable::Stored>& removed);

    // router_calls.cpp: messages and answers
    void message(const Inbound& in);
    void shout(const Inbound& in);
    void to_one(const Inbound& in);
    void to_all(const Inbound& in);
    void answer(const Inbound& in);
    void refuse(const Inbound& in, const Failure& failure);
    std::optional<PeerId> choose(std::size_t bytes, TimePoint now);
    bool takes_request(PeerId peer, std::size_t bytes, TimePoint now) const;
    bool may_call(const Inbound& in) const;
    Millis timeout_of(const wire::LegacyBody& body) const;
    CallId open_call(const Inbound& in, Gathering gathering);
    void deliver(const Inbound& in, PeerId to, std::uint32_t packet, const std::shared_ptr<const std::string>& shared);
    void gather(CallId call, std::string_view entry);
    void fail_leg(LegId leg, const Failure& failure, TimePoint now);
    void finish_batch(CallId call, CallEnd end, TimePoint now);
    void fail_call(CallId call, const Failure& failure, TimePoint now);
    void close_call(CallId call, CallEnd end, TimePoint now);
    void expire(CallId call, TimePoint now);

    wire::Limits limits_;
    std::mt19937_64 random_;
    std::vector<std::unique_ptr<Peer>> peers_; // by PeerId; null = free
    std::vector<PeerId> free_;
    RouteTable routes_;
    CallTable calls_;
    Drains drains_;
    Deadlines call_deadlines_;  // by CallId
    Deadlines frame_deadlines_; // by PeerId
    Deadlines queue_deadlines_; // by PeerId: a queue above the soft limit must have moved by then
    Counters counters_;

    std::vector<PeerId> dirty_;
    std::vector<Closure> doomed_;   // to be settled
    std::vector<Closure> closures_; // for the edge
    std::vector<ObjectEvent> events_;

    std::uint64_t names_ = 0;
    std::size_t connections_ = 0, objects_ = 0;
    std::size_t queued_bytes_ = 0, charged_bytes_ = 0;
    bool shutting_down_ = false;

    // Scratch, so that routing a message allocates nothing.
    Selector asked_;
    std::vector<Found> found_;
    std::vector<PeerId> choices_;
    std::vector<RouteTable::Stored> removed_;
    std::vector<Deadlines::Key> expired_;
};

} // namespace pandora::hub::core
