#include "supervisor/os/cgroup_mounts.hpp"

#include "supervisor/os/proc_file.hpp"

#include <sstream>
#include <vector>

namespace pandora::supervisor::os {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> split(const std::string& text, char by)
{
    std::vector<std::string> parts;
    std::istringstream in{text};
    for (std::string part; std::getline(in, part, by);) parts.push_back(std::move(part));
    return parts;
}

struct Mount {
    std::string root; // the group that is seen at `point`
    std::string point;
    std::string type;
    std::vector<std::string> options;
};

/// "36 35 0:30 ROOT POINT rw,... [optional fields] - TYPE SOURCE OPTIONS", see proc(5).
std::optional<Mount> parse_mount(const std::string& line)
{
    const auto dash = line.find(" - ");
    if (dash == std::string::npos) return std::nullopt;
    std::istringstream place{line.substr(0, dash)};
    std::istringstream kind{line.substr(dash + 3)};
    std::string skipped;
    std::string options;
    Mount mount;
    if (!(place >> skipped >> skipped >> skipped >> mount.root >> mount.point)) return std::nullopt;
    if (!(kind >> mount.type >> skipped >> options)) return std::nullopt;
    mount.options = split(options, ',');
    return mount;
}

/// Where `mount` shows the group `group`. A group outside our cgroup namespace starts with "/..".
std::optional<fs::path> seen_at(const Mount& mount, const std::string& group)
{
    if (group.starts_with("/..")) return std::nullopt;
    const auto below = fs::path{group}.lexically_relative(mount.root);
    if (below.empty() || *below.begin() == "..") return std::nullopt;
    return below == "." ? fs::path{mount.point} : fs::path{mount.point} / below;
}

/// "" = version 2.
std::map<std::string, std::string> parse_groups(const std::string& text)
{
    std::map<std::string, std::string> group_of;
    for (const auto& line : split(text, '\n')) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const auto path = line.substr(second + 1);
        const auto controllers = split(line.substr(first + 1, second - first - 1), ',');
        if (controllers.empty()) group_of[""] = path;
        for (const auto& controller : controllers) group_of[controller] = path;
    }
    return group_of;
}

} // namespace

CgroupMounts parse_cgroup_mounts(std::string_view groups, std::string_view mountinfo)
{
    const auto group_of = parse_groups(std::string{groups});
    CgroupMounts found;
    for (const auto& line : split(std::string{mountinfo}, '\n')) {
        const auto mount = parse_mount(line);
        if (!mount) continue;
        if (mount->type == "cgroup2" && group_of.contains("") && !found.unified)
            found.unified = seen_at(*mount, group_of.at(""));
        if (mount->type != "cgroup") continue;
        for (const auto& option : mount->options) {
            if (!group_of.contains(option)) continue; // an option that is no controller
            if (const auto path = seen_at(*mount, group_of.at(option))) found.legacy.try_emplace(option, *path);
        }
    }
    return found;
}

CgroupMounts own_cgroups(const fs::path& proc)
{
    return parse_cgroup_mounts(read_proc_file(proc / "cgroup"), read_proc_file(proc / "mountinfo"));
}

} // namespace pandora::supervisor::os
