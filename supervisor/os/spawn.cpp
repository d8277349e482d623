#include "supervisor/os/spawn.hpp"

#include "supervisor/os/clone_call.hpp"
#include "supervisor/os/spawn_child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <linux/sched.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pandora::supervisor::os {

namespace {

constexpr int first_listen_fd = 3;                   // sd_listen_fds(3): SD_LISTEN_FDS_START
constexpr std::size_t child_stack_bytes = 64 * 1024; // the child's deepest call is execve

std::error_code last_error() { return {errno, std::generic_category()}; }

std::string_view search_path(const std::vector<std::string>& environment)
{
    constexpr std::string_view key = "PATH=";
    for (const auto& variable : environment)
        if (variable.starts_with(key)) return std::string_view{variable}.substr(key.size());
    return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; // as systemd's default
}

std::vector<std::string> candidates_for(const SpawnRequest& request)
{
    const auto& program = request.argv.front();
    if (program.find('/') != std::string::npos) return {program};
    std::vector<std::string> found;
    auto rest = search_path(request.environment);
    for (bool last = false; !last;) {
        const auto colon = rest.find(':');
        last = colon == std::string_view::npos;
        const auto folder = rest.substr(0, colon);
        found.push_back((folder.empty() ? "." : std::string{folder}) + "/" + program);
        if (!last) rest.remove_prefix(colon + 1);
    }
    return found;
}

/// The variables that only spawning can tell. Those of the child's own pid come first.
struct AddedVariables {
    std::vector<std::string> text;
    std::size_t pids = 0;
};

AddedVariables added_variables(const SpawnRequest& request)
{
    constexpr std::string_view blank = "0000000000"; // the digits of the largest pid_t
    AddedVariables added;
    for (const auto& name : request.own_pid_variables) added.text.push_back(name + "=");
    if (!request.listen_fds.empty()) added.text.emplace_back("LISTEN_PID=");
    added.pids = added.text.size();
    for (auto& variable : added.text) variable += blank;

    if (!request.listen_fds.empty()) added.text.push_back("LISTEN_FDS=" + std::to_string(request.listen_fds.size()));
    if (!request.listen_names.empty()) {
        added.text.emplace_back("LISTEN_FDNAMES=");
        for (const auto& name : request.listen_names) added.text.back() += name + ":";
        added.text.back().pop_back();
    }
    return added;
}

/// exec takes pointers to what it does not change.
char* pointer(const std::string& text) { return const_cast<char*>(text.c_str()); }

void plan_program(ChildPlan& plan, const SpawnRequest& request, const std::vector<std::string>& candidates,
                  AddedVariables& added)
{
    for (const auto& candidate : candidates) plan.candidates.push_back(candidate.c_str());
    plan.argv.reserve(request.argv.size() + 1);
    for (const auto& argument : request.argv) plan.argv.push_back(pointer(argument));
    plan.argv.push_back(nullptr);
    plan.envp.reserve(request.environment.size() + added.text.size() + 1);
    for (const auto& variable : request.environment) plan.envp.push_back(pointer(variable));
    for (auto& variable : added.text) {
        plan.envp.push_back(variable.data());
        if (plan.pid_digits.size() < added.pids) plan.pid_digits.push_back(variable.data() + variable.find('=') + 1);
    }
    plan.envp.push_back(nullptr);
    plan.executable = request.executable.value_or(-1);
    plan.working_directory = request.working_directory.empty() ? nullptr : request.working_directory.c_str();
}

void plan_descriptors(ChildPlan& plan, const SpawnRequest& request)
{
    plan.streams = {{request.standard_input, 0}, {request.standard_output, 1}, {request.standard_error, 2}};
    plan.controlling_terminal = request.controlling_terminal;
    int number = first_listen_fd;
    for (const int fd : request.listen_fds) plan.passed.push_back({fd, number++});
    for (const auto& further : request.passed) plan.passed.push_back({further.descriptor, further.number});
    for (const auto& placed : plan.passed) plan.number_max = std::max(plan.number_max, placed.to);
    plan.cgroup_entries = request.cgroup_entries;
}

/// Everything the child is to have, on the shelf for as long as this lives. Where the shelf is too small, or something
/// is left out, the child gets a copy of the whole table as ever.
class Shelved {
public:
    Shelved(ChildPlan& plan, DescriptorShelf* shelf) : shelf_{shelf}
    {
        if (!shelf_) return;
        auto moved = plan;
        bool all = true;
        const auto put = [&](int& descriptor) {
            const auto number = shelf_->put(descriptor);
            all = all && number;
            descriptor = number.value_or(descriptor);
        };
        for (auto& stream : moved.streams)
            if (stream.from < 0)
                stream.from = shelf_->null();
            else
                put(stream.from);
        for (auto& passed : moved.passed) put(passed.from);
        for (auto& entry : moved.cgroup_entries) put(entry);
        if (moved.executable >= 0) put(moved.executable);
        if (!all) return;
        moved.shared_below = shelf_->end();
        plan = std::move(moved);
    }

    ~Shelved()
    {
        if (shelf_) shelf_->clear();
    }

    Shelved(const Shelved&) = delete;
    Shelved& operator=(const Shelved&) = delete;

private:
    DescriptorShelf* shelf_;
};

void plan_limits(ChildPlan& plan, const SpawnRequest& request)
{
    plan.umask = request.umask;
    if (const auto& limit = request.descriptor_limit)
        plan.limits.push_back({RLIMIT_NOFILE, rlimit64{limit->soft, limit->hard}});
    for (const auto& limit : request.resource_limits)
        plan.limits.push_back({limit.resource, rlimit64{limit.soft, limit.hard}});
    plan.nice = request.nice;
    plan.io_priority = request.io_priority;
    if (request.oom_score_adj) {
        auto& text = plan.oom_score_adj; // value-initialised: what is written here ends in a NUL
        std::to_chars(text.data(), text.data() + text.size() - 1, *request.oom_score_adj);
    }
    constexpr unsigned bits = sizeof(unsigned long) * CHAR_BIT;
    for (const unsigned cpu : request.cpu_affinity) {
        plan.cpu_mask.resize(std::max<std::size_t>(plan.cpu_mask.size(), cpu / bits + 1));
        plan.cpu_mask[cpu / bits] |= 1UL << cpu % bits;
    }
}

void plan_credentials(ChildPlan& plan, const SpawnRequest& request)
{
    plan.run_as = request.run_as;
    plan.capabilities = request.capabilities;
    plan.no_new_privileges = request.no_new_privileges;
    plan.perhaps_ignored = request.perhaps_ignored;
    plan.parent_death_signal = request.parent_death_signal;
    plan.parent = ::getpid();
}

/// A child that changes its user has the kernel mark the memory, which is ours as well, as not to be dumped or traced:
/// right for as long as we share it, but ours is to be as it was before.
class DumpableAsBefore {
public:
    DumpableAsBefore() : before_{::prctl(PR_GET_DUMPABLE)} {}

    ~DumpableAsBefore()
    {
        if (before_ == 1) ::prctl(PR_SET_DUMPABLE, 1);
    }

    DumpableAsBefore(const DumpableAsBefore&) = delete;
    DumpableAsBefore& operator=(const DumpableAsBefore&) = delete;

private:
    int before_;
};

std::string subject_of(SpawnStage stage, const SpawnRequest& request)
{
    return stage == SpawnStage::working_directory ? request.working_directory.string() : request.argv.front();
}

/// Since no handler of ours can run in the child (CLONE_CLEAR_SIGHAND), signals need not be blocked meanwhile.
SpawnResult<Spawned> clone_child(ChildPlan& plan, const SpawnRequest& request)
{
    // The child's stack lies within our frame, where we are suspended until it has done with it.
    alignas(16) std::array<std::byte, child_stack_bytes> stack;
    int pidfd = -1;
    clone_args args{};
    args.flags = CLONE_PIDFD | CLONE_VFORK | CLONE_VM | CLONE_CLEAR_SIGHAND;
    if (plan.shared_below) args.flags |= CLONE_FILES;
    args.exit_signal = SIGCHLD;
    args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
    args.stack = reinterpret_cast<std::uint64_t>(stack.data());
    args.stack_size = stack.size();
    if (request.cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<std::uint64_t>(request.cgroup);
    }

    std::optional<DumpableAsBefore> dumpable;
    if (plan.run_as || plan.capabilities) dumpable.emplace();
    const long pid = clone_call(args, child_main, &plan);
    dumpable.reset();
    if (pid < 0) {
        const std::error_code cause{static_cast<int>(-pid), std::generic_category()};
        return SpawnError{SpawnStage::clone, cause, request.argv.front()};
    }
    Spawned spawned{static_cast<pid_t>(pid), UniqueFd{pidfd}};
    if (plan.error == 0) return spawned;

    siginfo_t ignored{};
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &ignored, WEXITED);
    return SpawnError{plan.stage, {plan.error, std::generic_category()}, subject_of(plan.stage, request)};
}

} // namespace

DescriptorLimit raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::system_error{last_error(), "getrlimit"};
    const DescriptorLimit before{limit.rlim_cur, limit.rlim_max};
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit); // not raised: fewer workers fit, and each start that fails says so
    return before;
}

SpawnResult<Spawned> spawn(const SpawnRequest& request)
{
    ChildPlan plan;
    const auto candidates = candidates_for(request);
    auto added = added_variables(request);
    plan_program(plan, request, candidates, added);
    plan_descriptors(plan, request);
    plan_limits(plan, request);
    plan_credentials(plan, request);
    const Shelved shelved{plan, request.shelf};
    return clone_child(plan, request);
}

void abandon(pid_t child)
{
    ::kill(-child, SIGKILL);
    siginfo_t ignored{};
    ::waitid(P_PID, static_cast<id_t>(child), &ignored, WEXITED);
}

} // namespace pandora::supervisor::os
