#include "hub/core/drains.hpp"

#include <algorithm>

namespace pandora::hub::core {

void Drains::connected(const InstanceName& name, PeerId peer) { connections_[name].push_back(peer); }

void Drains::disconnected(const InstanceName& name, PeerId peer)
{
    const auto found = connections_.find(name);
    if (found == connections_.end()) return;
    std::erase(found->second, peer);
    if (found->second.empty()) connections_.erase(found);
}

const std::vector<PeerId>& Drains::connections(const InstanceName& name) const
{
    static const std::vector<PeerId> none;
    const auto found = connections_.find(name);
    return found == connections_.end() ? none : found->second;
}

DrainId Drains::drain(const InstanceName& name, TimePoint deadline)
{
    draining_.insert(name);
    const DrainId id{++last_id_};
    waiting_.push_back({id, name, deadline});
    return id;
}

void Drains::undrain(const InstanceName& name, const CallTable& calls)
{
    if (draining_.erase(name) == 0) return;
    std::erase_if(waiting_, [&](const Waiting& waiting) {
        if (waiting.name != name) return false;
        told_.push_back({waiting.id, in_flight(name, calls)});
        return true;
    });
}

void Drains::settle(const CallTable& calls, TimePoint now)
{
    std::erase_if(waiting_, [&](const Waiting& waiting) {
        const auto left = in_flight(waiting.name, calls);
        if (left > 0 && now < waiting.deadline) return false;
        told_.push_back({waiting.id, left});
        return true;
    });
}

std::optional<TimePoint> Drains::next_deadline() const
{
    const auto first = std::ranges::min_element(waiting_, {}, &Waiting::deadline);
    return first == waiting_.end() ? std::nullopt : std::optional{first->deadline};
}

void Drains::take(std::vector<Drained>& into)
{
    into.clear();
    into.swap(told_);
}

std::uint32_t Drains::in_flight(const InstanceName& name, const CallTable& calls) const
{
    std::uint32_t sum = 0;
    for (const PeerId peer : connections(name)) sum += calls.outstanding_at(peer);
    return sum;
}

} // namespace pandora::hub::core
