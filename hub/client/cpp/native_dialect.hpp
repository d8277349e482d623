// The native dialect (PROTOCOL.md 9): messages to frames with a routing block, and such frames to what they mean. Pure.
// One object lives as long as one connection: numbers and identities are told anew on the next.
#pragma once

#include "hub/client/cpp/message.hpp"
#include "hub/client/cpp/names.hpp"
#include "hub/client/cpp/own_pools.hpp"
#include "hub/client/cpp/peer_pools.hpp"
#include "hub/wire/frame.hpp"
#include "hub/wire/native.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pandora::hub::client {

/// What this client asks for in ONLINE_UP.
struct NativeOffer {
    std::optional<Window> window = {};
    bool channels = false;                         // direct channels, from here and to here
    std::shared_ptr<MemorySource> pools = nullptr; // large payloads in shared memory, from here and to here
    std::size_t pooled_from = pooled_bytes_min;    // bytes of a large one
};

/// What the hub granted in its answer.
struct NativeGrant {
    std::uint32_t body_bytes_max = 0;        // 0: not said
    std::uint32_t handle = 0;                // of this connection
    std::chrono::nanoseconds clock_ahead{0}; // the hub's clock before ours: of another time namespace
    bool pools = false;
};

/// Where pools come from, what goes into them, and what runs (on any thread) when places of others' are to be given
/// back.
struct Pooling {
    std::shared_ptr<MemorySource> source;
    std::size_t from = pooled_bytes_min;
    std::function<void()> wake;
};

/// The `native` member of ONLINE_UP.
Json offered(const NativeOffer& offer);

/// nullopt: a hub without the dialect, or without a version that is known here. `now`: when the answer came.
std::optional<NativeGrant> granted(const Json& answer, TimePoint now);

class NativeDialect {
public:
    NativeDialect(NativeGrant grant, std::size_t nesting_max, std::optional<Pooling> pooling = {})
        : grant_{grant}, nesting_max_{nesting_max}, pools_{pools_of(std::move(pooling))}
    {}

    /// Of a direct channel: there is no hub that numbers, and all that comes is of `peer`, whoever it says to be.
    NativeDialect(Json peer, std::size_t nesting_max, std::optional<Pooling> pooling = {})
        : nesting_max_{nesting_max}, peer_{std::move(peer)}, pools_{pools_of(std::move(pooling))}
    {}

    const NativeGrant& grant() const { return grant_; }

    /// A frame that has the message's content in its body takes it.
    Encoded encode(Message& message, std::optional<TimePoint> deadline);

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
    OutFrame report(std::uint32_t channel, const Json& totals, wire::Status is) const;

    /// Answers; the frame's id is the request's. With `pooled` a large payload may stand in a pool.
    OutFrame answer(const Outcome& outcome, std::uint32_t credit, bool pooled);
    OutFrame part(Content content, bool pooled);

    /// What this client does not know, or cannot read.
    OutFrame unsupported(const CallError& why, std::uint32_t credit);

    /// `descriptors`: those that the frame states.
    Received read(const wire::FrameHeader& header, std::string_view body, std::vector<OwnedFd> descriptors = {});

    // ---- pools

    /// Whether the payload of such a message would stand in one, where there is room and its receiver can read it; from
    /// `from` bytes on.
    static bool is_poolable(const Message& message, std::size_t from);

    /// The same of this connection.
    bool pools(const Message& message) const;

    /// The place of a frame that was not sent after all.
    void forget(const std::optional<wire::SharedPlace>& place);

    /// Whoever answers for `who` could not read `unread`: from now on what is for them goes in frames. Of a pool that
    /// is no more, as where the hub refused it, that says nothing about them.
    void avoid_pools(const Selector& who, std::uint32_t unread);

    /// One-way frames: of new pools and of those that are no more, before the next frame that has a place in one; and
    /// of places of others that the application is done with.
    std::vector<OutFrame> announce_pools();
    std::vector<OutFrame> return_places();

    /// What has become worth a number since the last look: ask the hub, and tell the answer.
    std::vector<Names::Wish> take_wishes() { return names_.take_wishes(); }

    void numbered(const Names::Wish& wish, std::uint32_t number) { names_.numbered(wish.kind, wish.text, number); }

    /// Who a handle belongs to, as the hub verified it; an empty object where it has not told.
    Json identity(std::uint32_t handle);

    /// Handles that are remembered. The hub does not say when one ends: of more than these, those are forgotten that
    /// have been silent for longest. Choice: four times the connections that the hub grants one user.
    static constexpr std::size_t identities_max = 16'384;

    /// Of whom it is remembered that they read no pools. A choice: whoever is forgotten is tried once more.
    static constexpr std::size_t pools_avoided_max = 1024;

    /// JSON that is longer is neither put into a pool nor read there: reading it takes many times its length. As much
    /// as the hub's default for a frame; bytes may be longer.
    static constexpr std::size_t json_bytes_max = 16 * 1024 * 1024;

private:
    /// A routing block that is being filled; the texts outlive it.
    struct Head {
        wire::RoutingBlock block;
        wire::Tlvs tlvs;
    };

    static OutFrame control(wire::ControlVerb verb, wire::RoutingBlock block = {});
    std::uint32_t number_of(wire::NameKind kind, const std::string& text);
    Encoded addressed(Head head, const std::string& selector, const std::string& name, OutFrame frame);
    Encoded subscription(wire::ControlVerb verb, const Topic& topic, wire::RoutingBlock block);
    std::uint64_t wire_time(TimePoint at) const;
    std::optional<TimePoint> own_time(std::uint64_t at) const;

    Received read_message(const wire::FrameHeader& header, const wire::NativeBody& body, std::size_t bytes);
    Received read_event(const wire::NativeBody& body, std::size_t bytes) const;
    Received read_answer(const wire::FrameHeader& header, const wire::NativeBody& body,
                         std::vector<OwnedFd> descriptors);
    Received read_control(const wire::FrameHeader& header, const wire::NativeBody& body,
                          std::vector<OwnedFd> descriptors);
    Received read_pool(const wire::RoutingBlock& block, std::vector<OwnedFd> descriptors);
    Outcome outcome_of(const wire::FrameHeader& header, const wire::NativeBody& body);
    Outcome outcome_of(wire::Status status, std::string_view payload, bool binary) const;
    ObjectName object_of(const wire::NativeBody& body) const;
    std::string name_of(const wire::NativeBody& body) const;
    void learn_identity(std::uint32_t handle, std::string_view payload);
    void forget_silent_identities();

    struct Pools {
        std::size_t from;
        OwnPools own;
        PeerPools theirs;
    };

    static std::optional<Pools> pools_of(std::optional<Pooling> pooling);

    std::uint32_t owner_of(const wire::RoutingBlock& block) const { return peer_ ? 0 : block.src; }

    static bool is_poolable(const Content& content, std::size_t from);
    void put_into_pool(const Content& content, OutFrame& frame);
    std::optional<Bytes> borrow(const wire::NativeBody& body);
    OutFrame reply(wire::RoutingBlock block, std::uint8_t flags, Content content, bool pooled);

    struct Identity {
        Json source;
        std::uint64_t last_use = 0; // counted, not timed
    };

    NativeGrant grant_;
    std::size_t nesting_max_;
    std::optional<Json> peer_; // of a direct channel
    Names names_;
    std::optional<Pools> pools_;
    std::set<std::string> pools_avoided_; // selectors
    std::vector<PeerPlace> unread_;       // of pools, where there are none here
    bool takes_pooled_answers_ = true;    // until one cannot be mapped
    std::unordered_map<std::uint32_t, Identity> identities_;
    std::uint64_t identity_uses_ = 0;
};

} // namespace pandora::hub::client
