#include "supervisor/os/watch_places.hpp"

#include <algorithm>
#include <utility>

namespace pandora::supervisor::os {

bool WatchPlaces::add(WatchId watch, WatchPlace place)
{
    auto& places = places_[watch];
    if (std::find(places.begin(), places.end(), place) != places.end()) return false;
    places.push_back(std::move(place));
    return true;
}

std::vector<WatchPlace> WatchPlaces::of(WatchId watch) const
{
    const auto found = places_.find(watch);
    return found == places_.end() ? std::vector<WatchPlace>{} : found->second;
}

std::vector<WatchId> WatchPlaces::forget(const std::function<bool(const WatchPlace&)>& matches)
{
    std::vector<WatchId> idle;
    for (auto at = places_.begin(); at != places_.end();) {
        std::erase_if(at->second, matches);
        if (at->second.empty()) {
            idle.push_back(at->first);
            at = places_.erase(at);
        } else {
            ++at;
        }
    }
    return idle;
}

bool is_within(std::string_view path, std::string_view folder)
{
    if (!path.starts_with(folder)) return false;
    return folder.empty() || path.size() == folder.size() || path[folder.size()] == '/';
}

} // namespace pandora::supervisor::os
