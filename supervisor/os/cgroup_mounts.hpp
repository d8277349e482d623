// Where this process stands in the control groups of its machine: see cgroups(7).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::supervisor::os {

/// The folders of our own groups.
struct CgroupMounts {
    std::optional<std::filesystem::path> unified;        // version 2
    std::map<std::string, std::filesystem::path> legacy; // version 1, by controller
};

/// From the texts of /proc/self/cgroup and /proc/self/mountinfo. A group that no mount shows is left out.
CgroupMounts parse_cgroup_mounts(std::string_view groups, std::string_view mountinfo);

/// Of this process; empty where /proc does not tell.
CgroupMounts own_cgroups(const std::filesystem::path& proc = "/proc/self");

} // namespace pandora::supervisor::os
