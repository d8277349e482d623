#include "hub/core/legacy_subscriptions.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

namespace pandora::hub::core {

namespace {

std::size_t text_bytes(const LegacyTopicView& topic)
{
    return topic.object.size() + topic.tag.size() + topic.event.size();
}

/// Choice: what stands around the texts takes about so much.
std::size_t bytes_of(const LegacyTopicView& topic) { return 256 + text_bytes(topic); }

/// Whether a provider with the one tag finds its object by the other: npm providers look for `name:tag`, then `name`.
bool serves(std::string_view provided, std::string_view wanted) { return provided.empty() || provided == wanted; }

} // namespace

bool LegacySubscriptions::Before::less(const LegacyTopicView& a, const LegacyTopicView& b)
{
    return std::tie(a.object, a.event, a.tag) < std::tie(b.object, b.event, b.tag);
}

LegacySubscriptions::OfPeer& LegacySubscriptions::of(PeerId peer)
{
    if (index_of(peer) >= peers_.size()) peers_.resize(index_of(peer) + 1);
    return peers_[index_of(peer)];
}

/// The entry of (consumer, provider), new where there is none. Those of one consumer stand together.
LegacySubscriptions::Entry& LegacySubscriptions::entry(Entries& entries, PeerId consumer,
                                                       std::optional<PeerId> provider)
{
    const auto first = std::ranges::find(entries, consumer, &Entry::consumer);
    auto at = first;
    for (; at != entries.end() && at->consumer == consumer; ++at)
        if (at->provider == provider) return *at;
    return *entries.insert(at, Entry{consumer, provider, 0});
}

bool LegacySubscriptions::subscribed(PeerId consumer, PeerId provider, const LegacyTopicView& topic)
{
    if (text_bytes(topic) > limits_.selector_bytes_max) return false;
    if (of(consumer).remembered >= limits_.subscriptions_max) return false;

    auto found = topics_.find(topic);
    if (found == topics_.end())
        found = topics_
                    .emplace(LegacyTopic{std::string{topic.object}, std::string{topic.tag}, std::string{topic.event}},
                             Entries{})
                    .first;
    Entries& entries = found->second;
    if (std::ranges::find(entries, consumer, &Entry::consumer) == entries.end()) {
        of(consumer).topics.push_back(found);
        of(consumer).bytes += bytes_of(topic);
    }
    Entry& one = entry(entries, consumer, provider);
    if (one.count++ == 0) ++of(provider).provides;
    ++of(consumer).remembered;
    return true;
}

bool LegacySubscriptions::unsubscribed(PeerId consumer, std::optional<PeerId> provider, const LegacyTopicView& topic)
{
    const auto found = topics_.find(topic);
    if (found == topics_.end()) return false;
    Entries& entries = found->second;
    const auto at = [&](std::optional<PeerId> bound_to) {
        return std::ranges::find_if(
            entries, [&](const Entry& one) { return one.consumer == consumer && one.provider == bound_to; });
    };
    auto one = at(provider);
    if (one == entries.end()) one = at(std::nullopt);
    if (one == entries.end()) return false;

    --of(consumer).remembered;
    if (--one->count > 0) return true;
    if (one->provider) --of(*one->provider).provides;
    entries.erase(one);
    if (std::ranges::find(entries, consumer, &Entry::consumer) == entries.end()) forget_topic(consumer, found);
    return true;
}

/// The consumer has no entry left there.
void LegacySubscriptions::forget_topic(PeerId consumer, ByTopic::iterator topic)
{
    OfPeer& who = of(consumer);
    who.bytes -= bytes_of(view(topic->first));
    std::erase(who.topics, topic);
    if (topic->second.empty()) topics_.erase(topic);
}

std::optional<PeerId> LegacySubscriptions::provider_of(PeerId consumer, const LegacyTopicView& topic) const
{
    const auto found = topics_.find(topic);
    if (found == topics_.end()) return std::nullopt;
    const auto one = std::ranges::find_if(
        found->second, [&](const Entry& entry) { return entry.consumer == consumer && entry.provider; });
    return one == found->second.end() ? std::nullopt : one->provider;
}

bool LegacySubscriptions::is_bound(PeerId consumer, PeerId provider, const LegacyTopicView& topic) const
{
    const auto found = topics_.find(topic);
    return found != topics_.end() && std::ranges::any_of(found->second, [&](const Entry& entry) {
               return entry.consumer == consumer && entry.provider == provider;
           });
}

std::vector<LegacySubscriptions::Owed> LegacySubscriptions::consumer_gone(PeerId consumer)
{
    std::vector<Owed> owed;
    OfPeer& who = of(consumer);
    for (const auto topic : std::exchange(who.topics, {})) {
        std::erase_if(topic->second, [&](const Entry& one) {
            if (one.consumer != consumer) return false;
            if (one.provider) {
                owed.push_back({*one.provider, topic->first, one.count});
                --of(*one.provider).provides;
            }
            return true;
        });
        if (topic->second.empty()) topics_.erase(topic);
    }
    who.remembered = 0;
    who.bytes = 0;
    return owed;
}

void LegacySubscriptions::provider_gone(PeerId provider)
{
    // Most connections that end provide nothing; for one that does, a look at everything is bearable.
    for (auto topic = topics_.begin(); of(provider).provides > 0; ++topic) {
        assert(topic != topics_.end());
        rebind(topic->second, provider, std::nullopt);
    }
}

/// Binds to `to` what was bound to `from`; returns how many SUBSCRIBEs that is.
std::uint32_t LegacySubscriptions::rebind(Entries& entries, std::optional<PeerId> from, std::optional<PeerId> to)
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < entries.size();) {
        if (entries[i].provider != from) {
            ++i;
            continue;
        }
        const auto [consumer, ignored, count] = entries[i];
        sum += count;
        if (from) --of(*from).provides;
        entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
        Entry& one = entry(entries, consumer, to);
        if (to && one.count == 0) ++of(*to).provides;
        one.count += count;
    }
    return sum;
}

std::vector<LegacySubscriptions::Renewal> LegacySubscriptions::provider_came(PeerId provider, std::string_view object,
                                                                             std::string_view tag)
{
    std::vector<Renewal> renewals;
    for (auto topic = topics_.lower_bound(LegacyTopicView{object, {}, {}});
         topic != topics_.end() && topic->first.object == object; ++topic) {
        if (!serves(tag, topic->first.tag)) continue;
        const std::uint32_t count = rebind(topic->second, std::nullopt, provider);
        if (count > 0) renewals.push_back({topic->first, count});
    }
    return renewals;
}

void LegacySubscriptions::events_of(std::string_view object, std::vector<std::string_view>& into) const
{
    const LegacyTopicView first{object, {}, {}};
    for (auto at = topics_.lower_bound(first); at != topics_.end() && at->first.object == object; ++at)
        into.push_back(at->first.event);
}

std::size_t LegacySubscriptions::bytes(PeerId consumer) const
{
    return index_of(consumer) < peers_.size() ? peers_[index_of(consumer)].bytes : 0;
}

} // namespace pandora::hub::core
