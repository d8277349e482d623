// The hub's connections: who they are, what waits for them to read, and what they are charged. Pure; one object a hub.
//
// Whoever decides something about messages sends through here; bounds are kept here and nowhere else, so that no
// decision can fill a queue over its limit or hide memory from the budget.
#pragma once

#include "hub/core/calls.hpp"
#include "hub/core/counters.hpp"
#include "hub/core/deadlines.hpp"
#include "hub/core/drains.hpp"
#include "hub/core/identity.hpp"
#include "hub/core/names.hpp"
#include "hub/core/outbox.hpp"
#include "hub/core/routes.hpp"
#include "hub/wire/limits.hpp"
#include "hub/wire/native.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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

/// What a client still takes before it returns some (PROTOCOL.md 9.6). The last message may be longer than what is
/// left: a client could not be sent its first one otherwise.
struct Window {
    std::int64_t messages = 0;
    std::int64_t bytes = 0;

    bool open() const { return messages > 0 && bytes > 0; }
};

/// What a connection that speaks the native dialect has beside the rest.
struct NativeSide {
    bool channels = false, pools = false; // features that it has
    std::optional<Window> window;         // nullopt: it takes what comes
    std::size_t interned = 0;             // numbers that were given at its wish
    std::vector<bool> names;              // numbers that it has been told, by number
    std::vector<std::uint64_t> sources;   // connections that it has been introduced to: their serials, by PeerId
    std::size_t charged = 0;              // for these two

    std::size_t bytes() const { return names.capacity() / 8 + sources.capacity() * sizeof(std::uint64_t); }
};

struct Peer {
    Reach reach = Reach::ordinary;
    bool online = false;
    bool wants_source = false;
    bool dirty = false;
    bool doomed = false;
    bool draining = false;
    bool unready = false;
    bool unresponsive = false;
    bool awaited = false;     // somebody waits for it, who has found it full
    std::uint64_t serial = 0; // of all connections there have ever been
    std::uint32_t handle = 0; // what others know it by: grows with each use of its PeerId, and begins anew some time
    std::string name;         // "c7"
    std::string source;       // what its messages are stamped with: a JSON object
    std::string host;         // where it says it is: the location with which it went online, as JSON
    Identity identity;
    TimePoint since{};
    CallEnds* given = nullptr; // of its process: how the calls ended that it was given; null where there is none
    Drops* dropped = nullptr;  // likewise
    Outbox outbox;
    std::unique_ptr<NativeSide> native;                     // null: it speaks the legacy dialect
    std::size_t held_bytes = 0;                             // charged to it besides its outbox
    std::size_t input_bytes = 0;                            // of these, of a frame that has begun
    std::size_t held_fds = 0;                               // counted for it besides those in its outbox
    std::size_t input_fds = 0;                              // of these, that wait for a frame of it to be complete
    std::unordered_map<std::string, std::uint32_t> objects; // that it publishes, by how many selectors
    TimePoint malformed_since{};
    std::uint32_t malformed = 0;

    /// nullopt: not of a supervised process, or pandora's own.
    std::optional<InstanceName> instance_name() const;

    /// "c7 (web#0)"
    std::string title() const;

    /// What it makes the hub keep.
    std::size_t charged_bytes() const { return outbox.bytes() + held_bytes; }

    /// Whether there is nothing against giving it a request, as far as is known of its process.
    bool is_fit() const { return !draining && !unready && !unresponsive; }
};

/// A native frame to send. `tail` and `payload` follow the fixed part of the block: TLVs, and what the frame is about.
struct NativeFrame {
    std::uint8_t flags = 0;
    std::uint32_t id = 0;
    wire::RoutingBlock block;
    std::string_view tail = {};
    std::size_t tlv_bytes = 0; // of the tail; what follows belongs to the payload
    std::string_view payload = {};
    std::span<const Fd> fds = {};
    std::shared_ptr<const std::string> shared = nullptr; // set: the tail is all of it
};

class Connections {
public:
    Connections(const wire::Limits& limits, CallTable& calls, Names& names, Counters& counters, TimePoint now);

    PeerId add(Identity identity, Reach reach, TimePoint now);

    /// The last that may be said of it. Nothing must be charged to it any more but its outbox.
    void remove(PeerId peer);

    Peer& operator[](PeerId peer) { return *peers_[index_of(peer)]; }

    const Peer& operator[](PeerId peer) const { return *peers_[index_of(peer)]; }

    bool there(PeerId peer) const { return index_of(peer) < peers_.size() && peers_[index_of(peer)] != nullptr; }

    /// Whose handle it is; nullopt: of nobody, or of nobody any more.
    std::optional<PeerId> of_handle(std::uint32_t handle) const;

    /// Calls `act(PeerId, Peer&)` for every connection that is there.
    template <class Act>
    void each(Act act)
    {
        for (std::uint32_t i = 0; i < peers_.size(); ++i)
            if (peers_[i]) act(PeerId{i}, *peers_[i]);
    }

    template <class Act>
    void each(Act act) const
    {
        for (std::uint32_t i = 0; i < peers_.size(); ++i)
            if (peers_[i]) act(PeerId{i}, std::as_const(*peers_[i]));
    }

    std::size_t size() const { return size_; }

    // What is sent. A connection that has been given up gets nothing; one whose queue would grow over its hard limit
    // is given up.

    void send(PeerId to, const OutFrame& frame, TimePoint now);

    /// An answer of the legacy dialect to the frame with that id. No `data` member where `data` is empty.
    void respond(PeerId to, std::uint32_t packet, std::string_view data, TimePoint now);

    void send(PeerId to, const NativeFrame& frame, TimePoint now);

    /// A control frame that has no answer. Of `frame` neither the flags nor the verb count.
    void say(PeerId to, wire::ControlVerb verb, NativeFrame frame, TimePoint now);

    /// Notes that a native connection knows what a number stands for. False: it did.
    bool learn_name(PeerId peer, NameNumber number);

    /// Tells a native connection what a number stands for, if it does not know.
    void introduce_name(PeerId to, NameNumber number, TimePoint now);

    /// Tells one that wants to know who `from` is, if it does not know.
    void introduce_source(PeerId to, PeerId from, TimePoint now);

    /// The same of the connection with that handle, as long as it is there.
    void introduce_handle(PeerId to, std::uint32_t handle, TimePoint now);

    /// Whether its queue, its window, and the hub's memory have room for a request with a body of so many bytes, which
    /// may grow by another dialect's envelope. An empty queue takes one of any length, as far as that leaves half of
    /// what is free to others.
    bool takes_request(PeerId peer, std::size_t body, TimePoint now) const;

    /// Whether its queue has room for so many descriptors, and the hub for as many more on behalf of its user.
    bool takes_fds(PeerId peer, std::size_t count) const
    {
        return count == 0 || ((*this)[peer].outbox.fds() + count <= limits_.fds_queued_max && keeps_fds(peer, count));
    }

    /// Whether the hub has room for so many descriptors more on behalf of the connection's user: one may have as many
    /// as it leaves free to all others, so that however many users want them all, some are left.
    bool keeps_fds(PeerId peer, std::size_t count) const;

    /// A message has been given to it that its window counts.
    void spend(PeerId peer, std::size_t body);

    /// It has returned credit. `credit`: as in the field of that name.
    void grant(PeerId peer, std::uint32_t credit);

    /// `bytes` of its outbox were taken by its socket.
    void sent(PeerId peer, std::size_t bytes, TimePoint now);

    // What is charged.

    void hold(PeerId peer, std::size_t bytes);
    void release(PeerId peer, std::size_t bytes);

    /// Descriptors that the hub keeps for it, other than those in its queue, which are counted as they come and go.
    void hold_fds(PeerId peer, std::size_t count);
    void release_fds(PeerId peer, std::size_t count);

    /// All that are counted: one that waits in several queues as often.
    std::size_t fds() const { return fds_; }

    std::size_t queued_bytes() const { return queued_bytes_; }

    std::size_t charged_bytes() const { return charged_bytes_; }

    std::uint64_t frames_queued() const { return frames_queued_; }

    /// Something is not passed on: of what this connection sent, or of what it was to be sent.
    void drop(PeerId whose, Drop reason, std::uint64_t n = 1);

    // What ends.

    void doom(PeerId peer, Disconnect reason);

    /// The next one that has been given up, or must be now for the memory that it holds: nobody's any more but the
    /// caller's, who detaches it from everything. nullopt: none.
    std::optional<Closure> next_doomed();

    /// Whether there is a next one.
    bool has_doomed() const;

    /// Gives up what is queued for it.
    void discard_outbox(PeerId peer);

    /// A frame of it has begun, and was or was not completed by the last read.
    void note_input(PeerId peer, bool completed, std::size_t partial_bytes, TimePoint now);

    /// So many descriptors have come that no frame has claimed yet. More than may be kept end the connection.
    void note_input_fds(PeerId peer, std::size_t waiting);

    /// It is no longer read or told anything: what it is charged for either is given back.
    void forget_input(PeerId peer);
    void forget_introductions(PeerId peer);

    void advance(TimePoint now);
    std::optional<TimePoint> next_deadline() const;

    /// By swapping with `into`, whose old content is dropped.
    void take_dirty(std::vector<PeerId>& into);
    void take_closures(std::vector<Closure>& into);

    /// It was closed before the edge was told to.
    void forget_closure(PeerId peer);

    const wire::Limits& limits() const { return limits_; }

private:
    PeerId free_slot();
    void watch_queue(PeerId peer, TimePoint now);
    void end_patience(PeerId peer, TimePoint now);
    void charge_introductions(PeerId peer);
    void count_fds(const Peer& whose, std::size_t more, std::size_t fewer);
    bool may_be_cut(const Peer& peer) const;
    std::optional<PeerId> largest() const;

    const wire::Limits& limits_;
    CallTable& calls_;
    Names& names_;
    Counters& counters_;
    std::vector<std::unique_ptr<Peer>> peers_; // by PeerId; null = free
    std::vector<std::uint32_t> uses_;          // by PeerId
    std::vector<PeerId> free_;
    std::size_t size_ = 0;
    std::uint64_t named_ = 0;
    std::size_t queued_bytes_ = 0, charged_bytes_ = 0;
    std::uint64_t frames_queued_ = 0;
    std::size_t fds_ = 0;
    std::unordered_map<uid_t, std::size_t> fds_of_users_; // of those who have some
    Deadlines frame_deadlines_;                           // by PeerId
    Deadlines queue_deadlines_; // by PeerId: a queue above the soft limit must have moved by then
    std::vector<PeerId> dirty_;
    std::vector<Closure> doomed_;   // to be detached
    std::vector<Closure> closures_; // for the edge
    std::vector<Deadlines::Key> expired_;
};

} // namespace pandora::hub::core
