#include "supervisor/app/isolation.hpp"

#include "supervisor/os/credentials.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <set>
#include <stdexcept>
#include <sys/resource.h>
#include <unistd.h>

namespace pandora::supervisor::app {

namespace {

using procfiles::ProcessSpec;

[[noreturn]] void refuse(const ProcessSpec& process, const std::string& why)
{
    throw std::runtime_error{"process " + process.name + ": " + why};
}

std::string quoted(const std::string& name) { return "`" + name + "`"; }

gid_t group_or_refuse(const ProcessSpec& process, const std::string& name)
{
    const auto gid = os::find_group(name);
    if (!gid) refuse(process, "group " + quoted(name) + " does not exist");
    return *gid;
}

/// The account whose groups and home count: that of `user`, else the master's own.
os::Account account_of(const ProcessSpec& process)
{
    const auto& user = process.isolation.user;
    const auto account = os::find_account(user.empty() ? std::to_string(::geteuid()) : user);
    if (!account) refuse(process, "user " + quoted(user) + " does not exist");
    return *account;
}

std::optional<os::RunAs> run_as_of(const ProcessSpec& process, const os::Account& account)
{
    const auto& wanted = process.isolation;
    if (wanted.user.empty() && wanted.group.empty() && !wanted.groups) return std::nullopt;
    os::RunAs run_as{account.uid, wanted.user.empty() ? ::getegid() : account.gid, {}};
    if (!wanted.group.empty()) run_as.gid = group_or_refuse(process, wanted.group);
    if (!wanted.groups) run_as.groups = os::groups_of(account, run_as.gid);
    for (const auto& name : wanted.groups.value_or(std::vector<std::string>{}))
        run_as.groups.push_back(group_or_refuse(process, name));
    return run_as;
}

/// A master that may not change users runs a process as the user and group they share by doing nothing.
bool changes_nothing(const os::RunAs& run_as, bool groups_named)
{
    return !groups_named && run_as.uid == ::geteuid() && run_as.gid == ::getegid();
}

os::CapabilitySet capabilities_of(const ProcessSpec& process, const std::vector<std::string>& names)
{
    os::CapabilitySet found;
    for (const auto& name : names) {
        const auto number = os::capability_number(name);
        if (!number) refuse(process, "capability " + quoted(name) + " does not exist");
        found.add(*number);
    }
    return found;
}

/// The most descriptors that the kernel lets any process have: "unlimited" is refused for them alone.
std::uint64_t descriptors_max()
{
    std::ifstream file{"/proc/sys/fs/nr_open"};
    std::uint64_t most = 0;
    return file >> most ? most : 1'048'576; // the kernel's default
}

os::ResourceLimit limit_of(const procfiles::ResourceLimit& limit)
{
    const std::uint64_t most = limit.resource == RLIMIT_NOFILE ? descriptors_max() : RLIM_INFINITY;
    return {limit.resource, limit.soft.value_or(most), limit.hard.value_or(most)};
}

int encoded(const procfiles::IoPriority& priority)
{
    return static_cast<int>(
        IOPRIO_PRIO_VALUE(static_cast<unsigned>(priority.kind), static_cast<unsigned>(priority.level)));
}

bool names(const procfiles::Environment& environment, std::string_view name)
{
    return std::ranges::find(environment, name, &procfiles::Variable::name) != environment.end();
}

void set(std::vector<std::string>& environment, const std::string& name, const std::string& value)
{
    std::erase_if(environment, [&](const std::string& variable) { return variable.starts_with(name + "="); });
    environment.push_back(name + "=" + value);
}

} // namespace

Isolations::Isolations(const procfiles::AppSpec& app, os::CgroupMounts cgroups)
    : perhaps_ignored_{os::ignored_signals()}, tree_{app.name, std::move(cgroups)}
{
    perhaps_ignored_.add(SIGPIPE); // whoever has sockets ignores it, sooner or later
    for (const auto& process : app.processes) {
        resolved_.emplace(process.name, resolve(app, process));
        make_cgroup(process.name, 0); // the first tells what is to be had
    }
}

Isolations::~Isolations() = default;

Isolations::Resolved Isolations::resolve(const procfiles::AppSpec& app, const ProcessSpec& process)
{
    Resolved found;
    const auto& wanted = process.isolation;
    const auto account = account_of(process);
    found.run_as = run_as_of(process, account);
    if (found.run_as && !os::effective_capabilities().contains(CAP_SETUID)) {
        if (!changes_nothing(*found.run_as, wanted.groups.has_value()))
            refuse(process, "only root can run it as another user or group");
        found.run_as.reset();
    }
    if (wanted.capabilities) found.capabilities = capabilities_of(process, *wanted.capabilities);
    if (!wanted.user.empty() && !account.name.empty())
        for (const auto& [name, value] :
             {std::pair{"HOME", account.home}, {"USER", account.name}, {"LOGNAME", account.name}})
            if (!names(app.environment, name) && !names(process.environment, name))
                found.variables.emplace_back(name, value);
    for (const auto& limit : process.limits.resources) found.limits.push_back(limit_of(limit));
    found.cgroup = {process.limits.memory, process.limits.cpu, process.limits.pids};
    return found;
}

void Isolations::apply(const ProcessSpec& process, os::SpawnRequest& request) const
{
    const auto& resolved = resolved_.at(process.name);
    const auto& limits = process.limits;
    request.perhaps_ignored = perhaps_ignored_;
    request.umask = process.isolation.umask;
    request.resource_limits = resolved.limits;
    request.nice = limits.nice;
    if (limits.io_priority) request.io_priority = encoded(*limits.io_priority);
    request.oom_score_adj = limits.oom_score_adj;
    request.cpu_affinity = limits.cpu_affinity;
    request.run_as = resolved.run_as;
    request.capabilities = resolved.capabilities;
    request.no_new_privileges = process.isolation.no_new_privileges;
    for (const auto& [name, value] : resolved.variables) set(request.environment, name, value);
}

void Isolations::apply(const ProcessSpec& process, std::uint32_t instance, os::SpawnRequest& request)
{
    apply(process, request);
    if (const auto* cgroup = make_cgroup(process.name, instance)) cgroup->receive(request);
}

const os::Cgroup* Isolations::make_cgroup(const std::string& process, std::uint32_t instance)
{
    const auto& limits = resolved_.at(process).cgroup;
    if (!limits.any()) return nullptr;
    const InstanceName name{process, instance};
    if (const auto found = cgroups_.find(name); found != cgroups_.end()) return &found->second;
    auto made = tree_.make(process + "-" + std::to_string(instance), limits);
    for (const auto& line : made.unapplied) {
        auto text = "process " + process + ": " + line;
        if (std::ranges::find(unapplied_, text) == unapplied_.end()) unapplied_.push_back(std::move(text));
    }
    return &cgroups_.emplace(name, std::move(made.group)).first->second;
}

const os::Cgroup* Isolations::cgroup_of(const ProcessSpec& process, std::uint32_t instance) const
{
    const auto found = cgroups_.find({process.name, instance});
    return found == cgroups_.end() ? nullptr : &found->second;
}

void Isolations::forget(const ProcessSpec& process, std::uint32_t instance)
{
    cgroups_.erase({process.name, instance});
}

std::vector<uid_t> Isolations::foreign_users() const
{
    std::set<uid_t> found;
    for (const auto& [name, resolved] : resolved_)
        if (resolved.run_as && resolved.run_as->uid != ::geteuid()) found.insert(resolved.run_as->uid);
    return {found.begin(), found.end()};
}

std::vector<uid_t> Isolations::all_users() const
{
    auto found = foreign_users();
    found.push_back(::geteuid());
    return found;
}

} // namespace pandora::supervisor::app
