// The direct channels that the hub has made: between whom, and what both have told of them (PROTOCOL.md 9.8). Pure;
// one object a hub.
#pragma once

#include "hub/core/ids.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pandora::hub::core {

/// Given by the hub, never again.
enum class ChannelId : std::uint32_t {};

/// What one end has told of what went through it: totals since the opening.
struct ChannelReport {
    std::uint64_t calls = 0, errors = 0, bytes_sent = 0, bytes_received = 0;
    bool operator==(const ChannelReport&) const = default;
};

struct Channel {
    PeerId caller{}, callee{};
    std::string object; // that the caller asked for, cut to channel_object_bytes_max
    TimePoint since{};
    ChannelReport of_caller = {}, of_callee = {};

    bool has(PeerId peer) const { return peer == caller || peer == callee; }

    PeerId other(PeerId peer) const { return peer == caller ? callee : caller; }
};

class Channels {
public:
    ChannelId open(Channel channel);

    /// Calls `tell` with what `teller` has told so far, for it to put there what is told now. False: `teller` has no
    /// end of such a channel. One that has ended is nobody's business any more: true, and nothing is told.
    bool report(ChannelId id, PeerId teller, const std::function<void(ChannelReport&)>& tell);

    /// `teller`, who has an end of it, says that it is over: who has the other end. nullopt: it has ended already.
    std::optional<PeerId> end(ChannelId id, PeerId teller);

    /// Somebody to tell that the channel is over.
    struct Notice {
        ChannelId id{};
        PeerId to{};
        bool operator==(const Notice&) const = default;
    };

    /// The connection has ended, and with it its channels: who has the other ends.
    std::vector<Notice> gone(PeerId peer);

    std::size_t size() const { return channels_.size(); }

    std::size_t of(PeerId peer) const;

    /// Calls that callers have told, of the channels that are and those that were.
    std::uint64_t calls_total() const { return calls_; }

    template <class Act>
    void each(Act act) const
    {
        for (const auto& [id, channel] : channels_) act(id, channel);
    }

private:
    std::map<ChannelId, Channel> channels_; // few: a channel is for the busiest pairs
    std::uint32_t last_ = 0;
    std::uint64_t calls_ = 0;
};

} // namespace pandora::hub::core
