// The calls that wait for an answer. A call is what its caller asked for; a leg is the part of it that one
// callee was given: an invoke has one leg, a multi-invoke one for each callee. Pure; one object a hub.
//
// Slots are used again and linked to each other by index, so a call costs no allocation once the table has
// grown, and a connection that ends finds its calls and legs without a search. Neither does an answer: the packet ids
// that a callee is given count up, and a ring of the last ones leads to their legs. No id comes again before the count
// has gone around, so that an answer that comes much too late meets nobody else's call. The ids of a caller are its own
// affair: a hash table leads from them to its calls, under a secret, so that nobody can make one chain of them all.
#pragma once

#include "hub/core/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pandora::hub::core {

enum class CallId : std::uint32_t {};
enum class LegId : std::uint32_t {};

/// What the caller gets: one callee's answer, or all of them; nothing for a one-way message that is kept like a call
/// until there is somebody to give it to.
enum class Gathering : std::uint8_t { one_answer, all_answers, no_answer };

/// A call without a leg is kept somewhere else until there is one: by the parking, or until the supervisor has said
/// why its callee went away.
enum class KeptBy : std::uint8_t { nobody, parking, mourning };

struct Call {
    PeerId caller{};
    std::uint32_t packet = 0; // the caller's id of it
    Gathering gathering = Gathering::one_answer;
    KeptBy kept_by = KeptBy::nobody;
    TimePoint started{};
    TimePoint deadline{};       // of a gathering call: when it is finished
    Millis timeout{};           // as its caller has asked for it
    std::uint32_t legs = 0;     // that have not been answered
    std::uint32_t asked = 0;    // callees, of a gathering call
    std::uint32_t answered = 0; // of these
    std::uint32_t parts = 0;    // answers with more to come that the caller still grants
    std::string batch;          // of a legacy gathering call: the answer as far as it has come, without its end
    std::string remote;         // of such a call: the caller's location as it wants to see it in each answer
    bool first_entry = true;    // of the batch
    std::string frame;          // of an idempotent call: its body, for another callee
    std::uint8_t frame_flags = 0;
    std::size_t charged = 0; // bytes that the router has charged to the caller for all of these
};

struct Leg {
    CallId call{};
    PeerId callee{};
    std::uint32_t packet = 0; // the callee's id of it
};

class CallTable {
public:
    /// `secret`: nobody's to know; of the hash of callers' packet ids.
    explicit CallTable(std::uint64_t secret = 0) : secret_{secret} {}

    CallId open(Call call);

    /// Gives the callee a part of the call, under a packet id of its own.
    LegId add_leg(CallId call, PeerId callee);

    /// An id for a frame to this connection that nobody answers.
    std::uint32_t next_packet(PeerId to);

    /// A connection of this number has come: its ids begin anew. There must be nothing open for it.
    void begin(PeerId peer);

    /// The call has no leg now and is kept elsewhere; it counts as in flight all the same.
    void keep(CallId call, KeptBy by);
    /// The reverse.
    void take_back(CallId call);

    Call& operator[](CallId id) { return calls_[static_cast<std::size_t>(id)].value; }

    const Call& operator[](CallId id) const { return calls_[static_cast<std::size_t>(id)].value; }

    const Leg& operator[](LegId id) const { return legs_[static_cast<std::size_t>(id)].value; }

    /// The leg that `callee` would answer with `packet`; nullopt if it owes no such answer.
    std::optional<LegId> find(PeerId callee, std::uint32_t packet) const;

    /// Whether the connection has been sent a frame with that id.
    bool was_given(PeerId callee, std::uint32_t packet) const;

    /// A call of the caller's with that packet id; nullopt where there is none.
    std::optional<CallId> call_of(PeerId caller, std::uint32_t packet) const;

    void close_leg(LegId leg);

    /// Closes the call and the legs it still has.
    void close(CallId call);

    /// The most recent of those still open; nullopt when there is none.
    std::optional<CallId> any_call_of(PeerId caller) const;
    std::optional<LegId> any_leg_of(PeerId callee) const;
    std::optional<LegId> any_leg_in(CallId call) const;

    /// Appends the legs that are open at `callee`. None of them belongs to the same call as another one.
    void legs_of(PeerId callee, std::vector<LegId>& into) const;

    std::size_t size() const { return open_calls_; }

    std::uint32_t in_flight_from(PeerId caller) const
    {
        return ends(caller).in_flight;
    } // legs, and calls that have none yet

    std::uint32_t outstanding_at(PeerId callee) const { return ends(callee).outstanding; }

    /// What one more leg makes the hub keep: its slot, and places in a ring that is half empty.
    static constexpr std::size_t leg_bytes = 64;
    /// The same of a call with its first leg: its slot, places in the hash table and among the deadlines, and the
    /// reason why its callee has gone, as long as that is not known.
    static constexpr std::size_t call_bytes = 512;

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    struct Links {
        std::uint32_t next = none, previous = none;
    };

    struct CallSlot {
        Call value;
        Links of_caller; // the caller's calls; `next` also links the free slots
        Links of_packet; // calls whose callers' packet ids have the same hash
        std::uint32_t first_leg = none;
        bool open = false;
    };

    struct LegSlot {
        Leg value;
        Links of_callee; // `next` also links the free slots
        Links of_call;
    };

    /// What one connection has open, as caller and as callee.
    struct Ends {
        std::uint32_t first_call = none, first_leg = none;
        std::uint32_t in_flight = 0, outstanding = 0;
        std::uint32_t last_packet = 0;
        bool wrapped = false;            // all ids have been given once
        std::vector<std::uint32_t> ring; // legs at this callee by the low bits of their packets; a power of two
    };

    const Ends& ends(PeerId peer) const;
    Ends& make_ends(PeerId peer);
    std::uint32_t free_call_slot();
    std::uint32_t free_leg_slot();

    std::uint32_t& place(Ends& at, std::uint32_t packet) { return at.ring[packet & (at.ring.size() - 1)]; }

    void widen(Ends& at);
    std::uint32_t& chain_of(const Call& call);
    std::size_t hash_of(PeerId caller, std::uint32_t packet) const;
    void widen_packets();

    std::vector<CallSlot> calls_;
    std::vector<LegSlot> legs_;
    std::vector<Ends> ends_;             // by PeerId
    std::vector<std::uint32_t> packets_; // first calls of the chains, by hash of caller and packet; a power of two
    std::uint64_t secret_;
    std::uint32_t free_call_ = none, free_leg_ = none;
    std::size_t open_calls_ = 0;

    static_assert(sizeof(LegSlot) + 4 * sizeof(std::uint32_t) <= leg_bytes);
    static_assert(sizeof(CallSlot) + leg_bytes <= call_bytes);
};

} // namespace pandora::hub::core
