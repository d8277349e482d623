#include "supervisor/os/cgroup_tree.hpp"

#include "supervisor/os/cgroup_files.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

namespace pandora::supervisor::os {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t cpu_period_us = 100'000;  // the kernel's default
constexpr std::uint64_t cpu_quota_us_min = 1'000; // the least that the kernel takes
constexpr mode_t folder_mode = 0755;

struct Setting {
    std::string file;
    std::string text;
};

/// One limit, and how each version is told.
struct Want {
    const char* key;
    const char* controller;
    std::vector<Setting> unified;
    std::vector<Setting> legacy;
};

std::vector<Want> wants_of(const CgroupLimits& limits)
{
    std::vector<Want> wants;
    if (limits.memory) {
        const auto bytes = std::to_string(*limits.memory);
        wants.push_back({"limits.memory", "memory", {{"memory.max", bytes}}, {{"memory.limit_in_bytes", bytes}}});
    }
    if (limits.cpus) {
        const auto asked = static_cast<std::uint64_t>(std::llround(*limits.cpus * static_cast<double>(cpu_period_us)));
        const auto quota = std::to_string(std::max(asked, cpu_quota_us_min));
        const auto period = std::to_string(cpu_period_us);
        wants.push_back({"limits.cpu",
                         "cpu",
                         {{"cpu.max", quota + " " + period}},
                         {{"cpu.cfs_period_us", period}, {"cpu.cfs_quota_us", quota}}});
    }
    if (limits.pids) {
        const auto count = std::to_string(*limits.pids);
        wants.push_back({"limits.pids", "pids", {{"pids.max", count}}, {{"pids.max", count}}});
    }
    return wants;
}

std::error_code make_folder(const fs::path& path)
{
    if (::mkdir(path.c_str(), folder_mode) == 0 || errno == EEXIST) return {};
    return {errno, std::generic_category()};
}

std::error_code make_folders(const fs::path& app, const std::string& name)
{
    if (const auto error = make_folder(app)) return error;
    return make_folder(app / name);
}

std::error_code write_settings(const fs::path& folder, const std::vector<Setting>& settings)
{
    for (const auto& setting : settings)
        if (const auto error = write_cgroup_file(folder / setting.file, setting.text)) return error;
    return {};
}

bool is_denial(const std::error_code& error)
{
    return error == std::errc::permission_denied || error == std::errc::operation_not_permitted ||
           error == std::errc::read_only_file_system;
}

std::string complaint(const Want& want, const std::error_code& error)
{
    const std::string limit = std::string{want.key} + ": ";
    if (is_denial(error))
        return limit + "cgroups are not writable here (run under systemd with Delegate=yes, or as root)";
    if (error == std::errc::device_or_resource_busy)
        return limit + "other processes share our cgroup (run under systemd with Delegate=yes)";
    if (error == std::errc::no_such_file_or_directory)
        return limit + "the cgroup controller `" + want.controller + "` is not available here";
    return limit + error.message();
}

bool holds(const std::vector<std::string>& words, const std::string& word)
{
    return std::ranges::find(words, word) != words.end();
}

std::string prefix_of(const std::string& app) { return "pandora-" + app + "-"; }

/// Of masters that are no more. The kernel refuses what is still lived in; a group of a living master may be empty for
/// now, but is not to be touched.
void remove_abandoned(const fs::path& own, const std::string& prefix)
{
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{own, ignored}) {
        const auto name = entry.path().filename().native();
        pid_t master = 0;
        const auto* end = name.data() + name.size();
        if (!name.starts_with(prefix) || !entry.is_directory(ignored)) continue;
        if (std::from_chars(name.data() + prefix.size(), end, master).ptr != end || master <= 0) continue;
        if (::kill(master, 0) == 0 || errno != ESRCH) continue;
        for (const auto& below : fs::directory_iterator{entry.path(), ignored})
            if (below.is_directory(ignored)) ::rmdir(below.path().c_str());
        ::rmdir(entry.path().c_str());
    }
}

} // namespace

CgroupTree::CgroupTree(const std::string& app, CgroupMounts mounts, pid_t master)
    : folder_{prefix_of(app) + std::to_string(master)}, mounts_{std::move(mounts)}
{
    if (mounts_.unified) remove_abandoned(*mounts_.unified, prefix_of(app));
    for (const auto& [controller, own] : mounts_.legacy) remove_abandoned(own, prefix_of(app));
}

CgroupTree::~CgroupTree()
{
    step_back();
    for (const auto& [controller, own] : mounts_.legacy) ::rmdir((own / folder_).c_str());
    if (mounts_.unified) ::rmdir((*mounts_.unified / folder_).c_str());
}

/// A controller works in a group only where each group above it has it enabled for those below.
std::error_code CgroupTree::enable(const std::string& controller)
{
    const auto& own = *mounts_.unified;
    if (!holds(read_cgroup_words(own / "cgroup.controllers"), controller))
        return std::make_error_code(std::errc::no_such_file_or_directory);
    const std::string order = "+" + controller;
    if (!holds(read_cgroup_words(own / "cgroup.subtree_control"), controller)) {
        auto error = write_cgroup_file(own / "cgroup.subtree_control", order);
        if (error == std::errc::device_or_resource_busy) { // by ourselves, if nobody else
            error = step_aside();
            if (!error) error = write_cgroup_file(own / "cgroup.subtree_control", order);
        }
        if (error) return error;
        enabled_.push_back(controller);
    }
    return write_cgroup_file(own / folder_ / "cgroup.subtree_control", order);
}

std::error_code CgroupTree::step_aside()
{
    if (aside_) return std::make_error_code(std::errc::device_or_resource_busy);
    if (const auto error = make_folders(*mounts_.unified / folder_, "master")) return error;
    const auto error = write_cgroup_file(*mounts_.unified / folder_ / "master" / "cgroup.procs", "0");
    aside_ = !error;
    return error;
}

/// In the reverse order: our own group takes us back once it has no limits to hand down.
void CgroupTree::step_back()
{
    if (!mounts_.unified) return;
    const auto& own = *mounts_.unified;
    for (const auto& controller : enabled_) {
        write_cgroup_file(own / folder_ / "cgroup.subtree_control", "-" + controller);
        write_cgroup_file(own / "cgroup.subtree_control", "-" + controller);
    }
    if (!aside_) return;
    write_cgroup_file(own / "cgroup.procs", "0");
    ::rmdir((own / folder_ / "master").c_str());
}

CgroupMade CgroupTree::make(const std::string& name, const CgroupLimits& limits)
{
    CgroupMade made;
    fs::path unified;
    auto denied = std::make_error_code(std::errc::no_such_file_or_directory);
    if (mounts_.unified) {
        denied = make_folders(*mounts_.unified / folder_, name);
        if (!denied) unified = *mounts_.unified / folder_ / name;
    }
    std::vector<fs::path> legacy;
    for (const auto& want : wants_of(limits)) {
        auto error = denied;
        if (!unified.empty()) error = enable(want.controller);
        if (!unified.empty() && !error) error = write_settings(unified, want.unified);
        if (const auto found = mounts_.legacy.find(want.controller); error && found != mounts_.legacy.end()) {
            error = make_folders(found->second / folder_, name);
            if (!error) error = write_settings(found->second / folder_ / name, want.legacy);
            if (!error) legacy.push_back(found->second / folder_ / name);
        }
        if (error) made.unapplied.push_back(complaint(want, error));
    }
    try {
        made.group = Cgroup{std::move(unified), std::move(legacy)};
    } catch (const std::system_error& error) { // out of descriptors, say
        made.unapplied.push_back(std::string{"limits: "} + error.what());
    }
    return made;
}

} // namespace pandora::supervisor::os
