// What each inotify watch of a FileWatch is there for.
#pragma once

#include "supervisor/os/inotify.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pandora::supervisor::os {

/// A folder below a root, or the root itself, whose files are watched.
struct WatchedFolder {
    std::string path; // relative to the root; empty = the root
    bool operator==(const WatchedFolder&) const = default;
};

/// A folder on the way to a root: what becomes of this name in it is what becomes of the root.
struct WayToRoot {
    std::string name;
    bool is_last = false; // the name is the root's own
    bool operator==(const WayToRoot&) const = default;
};

struct WatchPlace {
    std::size_t root = 0;
    std::variant<WatchedFolder, WayToRoot> purpose;
    bool operator==(const WatchPlace&) const = default;
};

/// One watch serves several places where roots overlap, since the kernel watches an inode once.
class WatchPlaces {
public:
    /// False if it was there already.
    bool add(WatchId watch, WatchPlace place);

    /// By value: handling one may change the others.
    std::vector<WatchPlace> of(WatchId watch) const;

    /// The kernel has ended it.
    void erase(WatchId watch) { places_.erase(watch); }

    /// Forgets the places of which `matches` says so. Returns the watches that serve none any more.
    std::vector<WatchId> forget(const std::function<bool(const WatchPlace&)>& matches);

    std::size_t size() const { return places_.size(); }

private:
    std::map<WatchId, std::vector<WatchPlace>> places_;
};

/// Whether `path` is `folder` or something below it; both relative, with `/` between names.
bool is_within(std::string_view path, std::string_view folder);

} // namespace pandora::supervisor::os
