#include "hub/core/channels.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pandora::hub::core {

ChannelId Channels::open(Channel channel)
{
    const ChannelId id{++last_};
    channels_.emplace(id, std::move(channel));
    return id;
}

bool Channels::report(ChannelId id, PeerId teller, const std::function<void(ChannelReport&)>& tell)
{
    const auto found = channels_.find(id);
    if (found == channels_.end()) return id > ChannelId{0} && id <= ChannelId{last_};
    Channel& channel = found->second;
    if (!channel.has(teller)) return false;
    const std::uint64_t before = channel.of_caller.calls;
    tell(teller == channel.caller ? channel.of_caller : channel.of_callee);
    calls_ += channel.of_caller.calls - std::min(channel.of_caller.calls, before);
    return true;
}

std::optional<PeerId> Channels::end(ChannelId id, PeerId teller)
{
    const auto found = channels_.find(id);
    if (found == channels_.end()) return std::nullopt;
    assert(found->second.has(teller));
    const PeerId other = found->second.other(teller);
    channels_.erase(found);
    return other;
}

std::vector<Channels::Notice> Channels::gone(PeerId peer)
{
    std::vector<Notice> notices;
    std::erase_if(channels_, [&](const auto& entry) {
        const auto& [id, channel] = entry;
        if (!channel.has(peer)) return false;
        notices.push_back({id, channel.other(peer)});
        return true;
    });
    return notices;
}

std::size_t Channels::of(PeerId peer) const
{
    return static_cast<std::size_t>(
        std::ranges::count_if(channels_, [peer](const auto& entry) { return entry.second.has(peer); }));
}

} // namespace pandora::hub::core
