// An event, and what a client has said of the events that it wants.
#pragma once

#include "hub/core/ids.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pandora::hub::core {

/// One event as its subscribers get it. Shared by all of them, and never changed.
struct Event {
    std::string object, name;
    std::string body;                           // what follows the header of the frame that it is sent with
    std::uint8_t flags = 0;                     // of that header
    std::uint32_t dst = 0, method = 0, src = 0; // the numbers in its block
    bool clears = false;                        // its payload is empty: as a retained event it removes the value

    /// What it costs whoever makes the hub keep it.
    std::size_t bytes() const { return event_bytes + object.size() + name.size() + body.size(); }

    /// The objects around the texts, so that events without a body are not kept for nothing. Choice: about twice what
    /// they take.
    static constexpr std::size_t event_bytes = 256;
};

using EventPtr = std::shared_ptr<const Event>;

/// What a subscriber wants to hear. `event`: a name; with a `*` at its end, all that begin alike; "" or "*", all.
struct TopicFilter {
    std::string object, event;

    bool is_exact() const { return !event.empty() && !event.ends_with('*'); }

    /// What the names begin with, of one that is not exact.
    std::string_view stem() const { return std::string_view{event}.substr(0, event.empty() ? 0 : event.size() - 1); }

    auto operator<=>(const TopicFilter&) const = default;
};

/// What happens when the subscriber does not keep up and its queue is full (PROTOCOL.md 9.7).
enum class Overflow : std::uint8_t {
    drop_new,   // the new event is lost
    drop_old,   // the oldest is lost
    last_value, // of each event name only the newest waits; of too many names, the oldest is lost
    disconnect,
};

/// Valid from subscribe() until the subscription is removed; numbers are used again.
enum class SubscriptionId : std::uint32_t {};

constexpr std::size_t index_of(SubscriptionId id) { return static_cast<std::size_t>(id); }

struct Subscription {
    PeerId peer{};
    TopicFilter filter;
    Overflow overflow = Overflow::drop_new;
    std::uint32_t queue_max = 0;       // events that may wait for it; 0: the usual number
    std::uint32_t dst = 0, method = 0; // as the subscriber numbers object and event: OVERFLOW repeats them
};

} // namespace pandora::hub::core
