#include "supervisor/control/history.hpp"

#include <algorithm>

namespace pandora::supervisor::control {

void History::add(const StateChange& change)
{
    Past& past = pasts_[{change.process, change.instance}];
    if (change.to == "starting") ++past.runs;
    past.changes.push_back(change);
    if (past.changes.size() > changes_kept) past.changes.erase(past.changes.begin());
}

const History::Past* History::past_of(const std::string& process, std::uint32_t instance) const
{
    const auto found = pasts_.find({process, instance});
    return found == pasts_.end() ? nullptr : &found->second;
}

std::uint64_t History::runs(const std::string& process, std::uint32_t instance) const
{
    const Past* past = past_of(process, instance);
    return past ? past->runs : 0;
}

std::vector<StateChange> History::changes_of(const std::vector<InstanceView>& instances) const
{
    std::vector<StateChange> found;
    for (const auto& view : instances)
        if (const Past* past = past_of(view.process, view.instance))
            found.insert(found.end(), past->changes.begin(), past->changes.end());
    std::ranges::stable_sort(found, {}, &StateChange::at);
    return found;
}

} // namespace pandora::supervisor::control
