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

const Channel* Channels::find(ChannelId id) const
{
    const auto found = channels_.find(id);
    return found == channels_.end() ? nullptr : &found->second;
}

ChannelReport Channels::told(ChannelId id, PeerId teller) const
{
    const Channel* const channel = find(id);
    if (!channel || !channel->has(teller)) return {};
    return teller == channel->caller ? channel->of_caller : channel->of_callee;
}

bool Channels::report(ChannelId id, PeerId teller, const ChannelReport& report)
{
    const auto found = channels_.find(id);
    if (found == channels_.end()) return id > ChannelId{0} && id <= ChannelId{last_};
    Channel& channel = found->second;
    if (teller == channel.caller) {
        calls_ += report.calls - std::min(report.calls, channel.of_caller.calls);
        channel.of_caller = report;
        return true;
    }
    if (teller != channel.callee) return false;
    channel.of_callee = report;
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
        if (channel.other(peer) != peer) notices.push_back({id, channel.other(peer)});
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
