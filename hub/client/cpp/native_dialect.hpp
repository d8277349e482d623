// The native dialect (PROTOCOL.md 9): messages to frames with a routing block,
// and such frames to what they mean. Pure. One object lives as long as one
// connection: numbers and identities are told anew on the next.
#pragma once

#include "hub/client/cpp/message.hpp"
#include "hub/client/cpp/names.hpp"
#include "hub/wire/frame.hpp"
#include "hub/wire/native.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pandora::hub::client {

/// What this client asks for in ONLINE_UP.
struct NativeOffer {
    std::optional<Window> window = {};
    bool channels = false; // direct channels, from here and to here
};

/// What the hub granted in its answer.
struct NativeGrant {
    std::uint32_t handle = 0;
    std::uint32_t body_bytes_max = 0;        // 0: not said
    std::chrono::nanoseconds clock_ahead{0}; // the hub's clock before ours: of another time namespace
    bool channels = false;
};

/// The `native` member of ONLINE_UP.
Json offered(const NativeOffer& offer);

/// nullopt: a hub without the dialect, or without a version that is known here.
/// `now`: when the answer came.
std::optional<NativeGrant> granted(const Json& answer, TimePoint now);

class NativeDialect {
public:
    NativeDialect(NativeGrant grant, std::size_t nesting_max) : grant_{grant}, nesting_max_{nesting_max} {}

    /// Of a direct channel: there is no hub that numbers, and all that comes is
    /// of `peer`, whoever it says to be.
    NativeDialect(Json peer, std::size_t nesting_max) : nesting_max_{nesting_max}, peer_{std::move(peer)} {}

    const NativeGrant& grant() const { return grant_; }

    Encoded encode(const Message& message, std::optional<TimePoint> deadline);

    /// The frames of a request to the hub itself.
    Encoded subscribe(const Topic& topic, Overflow overflow, std::uint16_t queue);
    Encoded unsubscribe(const Topic& topic);
    Encoded wait_for(const Selector& who, TimePoint deadline);
    Encoded open_channel(const Message& message);
    OutFrame intern(const Names::Wish& wish) const;

    /// One-way frames; what they belong to is the frame's id.
    OutFrame pong() const;
    OutFrame cancel() const;
    OutFrame credit(std::uint32_t credit) const;
    OutFrame report(std::uint32_t channel, const Json& totals) const;

    /// Answers; the frame's id is the request's.
    OutFrame answer(const Outcome& outcome, std::uint32_t credit) const;
    OutFrame part(Content content) const;

    Received read(const wire::FrameHeader& header, std::string_view body);

    /// What has become worth a number since the last look: ask the hub, and tell
    /// the answer.
    std::vector<Names::Wish> take_wishes() { return names_.take_wishes(); }

    void numbered(const Names::Wish& wish, std::uint32_t number) { names_.numbered(wish.kind, wish.text, number); }

    /// Who a handle belongs to, as the hub verified it; an empty object where it
    /// has not told.
    Json identity(std::uint32_t handle);

    /// Handles that are remembered. The hub does not say when one ends: of more
    /// than these, those are forgotten that have been silent for longest. Choice:
    /// four times the connections that the hub grants one user.
    static constexpr std::size_t identities_max = 16'384;

private:
    /// A routing block that is being filled; the texts outlive it.
    struct Head {
        wire::RoutingBlock block;
        wire::Tlvs tlvs;
    };

    std::uint32_t number_of(wire::NameKind kind, const std::string& text);
    Encoded addressed(Head head, const std::string& selector, const std::string& name, OutFrame frame);
    Encoded subscription(wire::ControlVerb verb, const Topic& topic, wire::RoutingBlock block);
    std::uint64_t wire_time(TimePoint at) const;
    std::optional<TimePoint> own_time(std::uint64_t at) const;

    Received read_message(const wire::FrameHeader& header, const wire::NativeBody& body, std::size_t bytes);
    Received read_event(const wire::NativeBody& body, std::size_t bytes) const;
    Received read_answer(const wire::FrameHeader& header, const wire::NativeBody& body) const;
    Received read_control(const wire::FrameHeader& header, const wire::NativeBody& body);
    Outcome outcome_of(wire::Status status, std::string_view payload, bool binary) const;
    ObjectName object_of(const wire::NativeBody& body) const;
    std::string name_of(const wire::NativeBody& body) const;
    void learn_identity(std::uint32_t handle, std::string_view payload);
    void forget_silent_identities();

    struct Identity {
        Json source;
        std::uint64_t last_use = 0; // counted, not timed
    };

    NativeGrant grant_;
    std::size_t nesting_max_;
    std::optional<Json> peer_; // of a direct channel
    Names names_;
    std::unordered_map<std::uint32_t, Identity> identities_;
    std::uint64_t identity_uses_ = 0;
};

} // namespace pandora::hub::client
