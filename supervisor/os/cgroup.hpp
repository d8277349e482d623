// A control group that holds one instance: no descendant gets out of it, whatever it does.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace pandora::supervisor::os {

struct SpawnRequest;

/// Absent = without limit.
struct CgroupLimits {
    std::optional<std::uint64_t> memory; // bytes
    std::optional<double> cpus;          // CPUs' worth of time
    std::optional<std::uint64_t> pids;   // processes and threads

    bool any() const { return memory || cpus || pids; }
};

/// Made by CgroupTree. Its folders are removed when it is destroyed, unless somebody still lives in them.
class Cgroup {
public:
    /// In no group: nothing is limited, and nobody is in it.
    Cgroup() = default;

    /// `unified`: the folder of version 2, or empty; `legacy`: those of version 1. They exist.
    /// Throws std::system_error where they cannot be opened.
    Cgroup(std::filesystem::path unified, std::vector<std::filesystem::path> legacy);

    Cgroup(Cgroup&&) noexcept = default;
    Cgroup& operator=(Cgroup&& other) noexcept;
    ~Cgroup();

    /// It is to be born, or to enter before exec. The descriptors stay ours: keep this object until it is spawned.
    void receive(SpawnRequest& request) const;

    /// SIGKILL to all that is in it, also to what is being forked meanwhile.
    void kill() const;

    /// False: it is in no group, because none could be made here.
    bool exists() const { return !unified_.empty() || !entries_.empty(); }

    /// Nothing runs in it; zombies do not count.
    bool empty() const;

    /// How many processes the kernel has killed in it for want of memory, since it was made.
    std::uint64_t oom_kills() const;

    const std::filesystem::path& unified() const { return unified_; }

private:
    void remove() noexcept;

    std::filesystem::path unified_;
    std::vector<std::filesystem::path> legacy_;
    UniqueFd folder_;               // of version 2
    std::vector<UniqueFd> entries_; // cgroup.procs of version 1
};

} // namespace pandora::supervisor::os
