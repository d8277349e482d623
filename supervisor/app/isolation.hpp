// How each process of an app is kept apart from the others: as which user it runs, what it may do, and what it may use.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/os/cgroup_tree.hpp"
#include "supervisor/os/spawn.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace pandora::supervisor::app {

/// Names become numbers once, at the start of the app: no start of a process waits for a user database, and a name that
/// nobody has is found before anything runs. Lives on the thread that spawns.
class Isolations {
public:
    /// To be made under the run directory's lock: the cgroups are the app's, whoever runs it.
    /// Throws std::runtime_error, in one line: "process web: user `www` does not exist".
    explicit Isolations(const procfiles::AppSpec& app, os::CgroupMounts cgroups = os::own_cgroups());
    ~Isolations();
    Isolations(const Isolations&) = delete;
    Isolations& operator=(const Isolations&) = delete;

    /// The user, the rights and the limits of `process`, and HOME, USER and LOGNAME where the user is another and the
    /// procfile does not set them. Also for what is run on its behalf: hooks, probes, stop commands.
    void apply(const procfiles::ProcessSpec& process, os::SpawnRequest& request) const;

    /// The same, in the cgroup of this instance where its limits want one; it is made by the first call.
    void apply(const procfiles::ProcessSpec& process, std::uint32_t instance, os::SpawnRequest& request);

    /// Of an instance that runs in a cgroup; null for the others. Valid until forget().
    const os::Cgroup* cgroup_of(const procfiles::ProcessSpec& process, std::uint32_t instance) const;

    /// The instance will not be started again: its cgroup is removed where nobody lives in it.
    void forget(const procfiles::ProcessSpec& process, std::uint32_t instance);

    /// "process web: limits.memory: cgroups are not writable here (...)": known from the start, to be said once.
    const std::vector<std::string>& unapplied() const { return unapplied_; }

    /// The users other than the master's own that processes run as: the hub's socket and folder have to be open to
    /// them.
    std::vector<uid_t> foreign_users() const;

    /// These and the master's own: whose processes may be survivors of a run.
    std::vector<uid_t> all_users() const;

private:
    struct Resolved {
        std::optional<os::RunAs> run_as;
        std::vector<std::pair<std::string, std::string>> variables; // HOME, USER, LOGNAME
        std::optional<os::CapabilitySet> capabilities;
        std::vector<os::ResourceLimit> limits;
        os::CgroupLimits cgroup;
    };

    using InstanceName = std::pair<std::string, std::uint32_t>;

    static Resolved resolve(const procfiles::AppSpec& app, const procfiles::ProcessSpec& process);
    const os::Cgroup* make_cgroup(const std::string& process, std::uint32_t instance);

    std::map<std::string, Resolved, std::less<>> resolved_; // by process
    os::SignalSet perhaps_ignored_;
    std::vector<std::string> unapplied_;
    os::CgroupTree tree_;
    std::map<InstanceName, os::Cgroup> cgroups_; // gone before the tree that made them
};

} // namespace pandora::supervisor::app
