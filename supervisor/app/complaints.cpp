#include "supervisor/app/complaints.hpp"

#include <set>

namespace pandora::supervisor::app {

std::optional<control::HubComplaint> Complaints::silent(const hub::Identity& who, std::chrono::milliseconds lasted)
{
    const control::HubComplaint complaint{who.process, who.instance, who.credentials.pid, true, lasted};
    const bool is_new = made_.emplace(Name{who.process, who.instance}, complaint).second;
    return is_new ? std::optional{complaint} : std::nullopt;
}

std::vector<control::HubComplaint> Complaints::withdrawn(const std::vector<hub::ClientInfo>& clients)
{
    std::set<Name> still;
    for (const auto& client : clients)
        if (client.unresponsive) still.emplace(client.identity.process, client.identity.instance);
    std::vector<control::HubComplaint> over;
    std::erase_if(made_, [&](const auto& entry) {
        if (still.contains(entry.first)) return false;
        over.push_back(entry.second);
        over.back().unresponsive = false;
        return true;
    });
    return over;
}

bool Complaints::holds(const control::HubComplaint& complaint) const
{
    return made_.contains({complaint.process, complaint.instance}) == complaint.unresponsive;
}

} // namespace pandora::supervisor::app
