// The calls that wait for an answer. A call is what its caller asked for; a leg is the part of it that one
// callee was given: an invoke has one leg, a multi-invoke one for each callee. Pure; one object a hub.
//
// Slots are used again and linked to each other by index, so a call costs no allocation once the table has
// grown, and a connection that ends finds its calls and legs without a search.
#pragma once

#include "hub/core/ids.hpp"

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace pandora::hub::core {

enum class CallId : std::uint32_t {};
enum class LegId : std::uint32_t {};

enum class Gathering : std::uint8_t { one_answer, all_answers };

struct Call {
    PeerId caller{};
    std::uint32_t packet = 0; // the caller's id of it
    Gathering gathering = Gathering::one_answer;
    TimePoint started{};
    Millis timeout{};
    std::uint32_t legs = 0;  // that have not been answered
    std::string batch;       // of a gathering call: the answer as far as it has come, without its end
    std::string remote;      // of a gathering call: the caller's location as it wants to see it in each answer
    bool first_entry = true; // of the batch
    std::size_t charged = 0; // bytes that the router has charged to the caller for the two
};

struct Leg {
    CallId call{};
    PeerId callee{};
    std::uint32_t packet = 0; // the callee's id of it
};

class CallTable {
public:
    CallTable();

    CallId open(Call call);
    LegId add_leg(CallId call, PeerId callee, std::uint32_t packet);

    Call& operator[](CallId id) { return calls_[static_cast<std::size_t>(id)].value; }

    const Leg& operator[](LegId id) const { return legs_[static_cast<std::size_t>(id)].value; }

    /// The leg that `callee` would answer with `packet`; nullopt if it owes no such answer.
    std::optional<LegId> find(PeerId callee, std::uint32_t packet) const;

    void close_leg(LegId leg);

    /// Closes the call and the legs it still has.
    void close(CallId call);

    /// The most recent of those still open; nullopt when there is none.
    std::optional<CallId> any_call_of(PeerId caller) const;
    std::optional<LegId> any_leg_of(PeerId callee) const;
    std::optional<LegId> any_leg_in(CallId call) const;

    std::size_t size() const { return open_calls_; }

    std::uint32_t in_flight_from(PeerId caller) const { return ends(caller).in_flight; } // calls, by their legs

    std::uint32_t outstanding_at(PeerId callee) const { return ends(callee).outstanding; }

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    struct Links {
        std::uint32_t next = none, previous = none;
    };

    struct CallSlot {
        Call value;
        Links of_caller; // the caller's calls; `next` also links the free slots
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
    };

    static std::uint64_t key(PeerId callee, std::uint32_t packet)
    {
        return std::uint64_t{static_cast<std::uint32_t>(callee)} << 32 | packet;
    }

    const Ends& ends(PeerId peer) const;
    Ends& make_ends(PeerId peer);
    std::uint32_t free_call_slot();
    std::uint32_t free_leg_slot();

    std::vector<CallSlot> calls_;
    std::vector<LegSlot> legs_;
    std::vector<Ends> ends_; // by PeerId
    std::uint32_t free_call_ = none, free_leg_ = none;
    std::size_t open_calls_ = 0;
    std::pmr::unsynchronized_pool_resource nodes_; // so that the map below uses its nodes again
    std::pmr::unordered_map<std::uint64_t, LegId> by_packet_{&nodes_};
};

} // namespace pandora::hub::core
