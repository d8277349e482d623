#include "supervisor/os/cgroup.hpp"

#include "supervisor/os/cgroup_files.hpp"
#include "supervisor/os/spawn.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::os {

namespace {

namespace fs = std::filesystem;

// One by one, what is forked meanwhile is found by the next round. Choice: a tree that grows for longer than this many
// rounds is a fork bomb, which wants cgroup.kill.
constexpr int kill_rounds = 32;

UniqueFd open_or_throw(const fs::path& path, int flags)
{
    UniqueFd fd{::open(path.c_str(), flags | O_CLOEXEC)};
    if (!fd) throw std::system_error{errno, std::generic_category(), path.string()};
    return fd;
}

/// A number that still names a member once we hold its pidfd has named the same process all along.
bool kill_members(const fs::path& folder)
{
    std::vector<std::pair<pid_t, UniqueFd>> held;
    for (const auto pid : cgroup_members(folder))
        held.emplace_back(pid, UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))});
    const auto still = cgroup_members(folder);
    for (const auto& [pid, pidfd] : held)
        if (pidfd && std::ranges::find(still, pid) != still.end())
            ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
    return !still.empty();
}

} // namespace

Cgroup::Cgroup(fs::path unified, std::vector<fs::path> legacy)
    : unified_{std::move(unified)}, legacy_{std::move(legacy)}
{
    if (!unified_.empty()) folder_ = open_or_throw(unified_, O_RDONLY | O_DIRECTORY);
    for (const auto& folder : legacy_) entries_.push_back(open_or_throw(folder / "cgroup.procs", O_WRONLY));
}

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept
{
    remove();
    unified_ = std::exchange(other.unified_, {});
    legacy_ = std::exchange(other.legacy_, {});
    folder_ = std::move(other.folder_);
    entries_ = std::exchange(other.entries_, {});
    return *this;
}

Cgroup::~Cgroup() { remove(); }

void Cgroup::remove() noexcept
{
    folder_ = UniqueFd{};
    entries_.clear();
    if (!unified_.empty()) ::rmdir(unified_.c_str()); // not empty: whoever comes next takes it over
    for (const auto& folder : legacy_) ::rmdir(folder.c_str());
}

void Cgroup::receive(SpawnRequest& request) const
{
    request.cgroup = folder_.get();
    for (const auto& entry : entries_) request.cgroup_entries.push_back(entry.get());
}

void Cgroup::kill() const
{
    if (!unified_.empty() && !write_cgroup_file(unified_ / "cgroup.kill", "1")) return; // since Linux 5.14
    auto folders = legacy_;
    if (!unified_.empty()) folders.push_back(unified_);
    for (const auto& folder : folders)
        for (int round = 0; round < kill_rounds && kill_members(folder); ++round)
            ;
}

bool Cgroup::empty() const
{
    if (!unified_.empty()) return read_cgroup_number(unified_ / "cgroup.events", "populated").value_or(0) == 0;
    return std::ranges::all_of(legacy_, [](const fs::path& folder) { return cgroup_members(folder).empty(); });
}

std::uint64_t Cgroup::oom_kills() const
{
    if (const auto kills = read_cgroup_number(unified_ / "memory.events", "oom_kill"); !unified_.empty() && kills)
        return *kills;
    for (const auto& folder : legacy_)
        if (const auto kills = read_cgroup_number(folder / "memory.oom_control", "oom_kill")) return *kills;
    return 0;
}

} // namespace pandora::supervisor::os
