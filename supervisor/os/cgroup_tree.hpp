// The control groups of one run of an app, below our own: `pandora-<app>-<pid of the master>/<process>-<index>`. The
// pid keeps apps of one name apart, which may run from several run directories.
#pragma once

#include "supervisor/os/cgroup.hpp"
#include "supervisor/os/cgroup_mounts.hpp"

#include <string>
#include <sys/types.h>
#include <unistd.h>
#include <vector>

namespace pandora::supervisor::os {

/// A group, and what of its limits could not be had: "limits.memory: cgroups are not writable here (...)".
struct CgroupMade {
    Cgroup group;
    std::vector<std::string> unapplied;
};

/// Makes groups in version 2 where its controllers are ours to use, else in version 1. One object a master, which has
/// to outlive what it made: at its end its folders are removed. Those of masters that were killed are removed by
/// whoever comes next, once they are empty. Version 2 wants no process beside groups with limits: the master then moves
/// into a group `master` beside them.
class CgroupTree {
public:
    explicit CgroupTree(const std::string& app, CgroupMounts mounts = own_cgroups(), pid_t master = ::getpid());
    ~CgroupTree();
    CgroupTree(const CgroupTree&) = delete;
    CgroupTree& operator=(const CgroupTree&) = delete;

    /// The group `name` ("web-0") with these limits. Never throws for what the machine does not allow: that is in
    /// `unapplied`.
    CgroupMade make(const std::string& name, const CgroupLimits& limits);

private:
    std::error_code enable(const std::string& controller);
    std::error_code step_aside();
    void step_back();

    std::string folder_;
    CgroupMounts mounts_;
    std::vector<std::string> enabled_; // in our own group, by us
    bool aside_ = false;
};

} // namespace pandora::supervisor::os
