#include "supervisor/os/spawn.hpp"

#include "supervisor/os/clone_call.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <memory>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace pandora::supervisor::os {

namespace {

constexpr int first_passed_fd = 3;                   // sd_listen_fds(3): SD_LISTEN_FDS_START
constexpr std::size_t child_stack_bytes = 64 * 1024; // the child's deepest call is execve
constexpr std::string_view listen_pid_blank = "LISTEN_PID=0000000000";

std::error_code last_error() { return {errno, std::generic_category()}; }

/// What the child reads and writes. It runs in the parent's memory while the parent is suspended.
struct ChildPlan {
    std::array<int, 3> standard{};
    std::vector<int> passed; // all >= first_passed_fd + passed.size(): no dup2 can hit a source
    const char* working_directory = nullptr;
    std::vector<std::string> candidates; // absolute or cwd-relative paths to try, in order
    std::vector<char*> candidate_pointers;
    std::vector<char*> argv;
    std::vector<char*> envp;
    char* listen_pid_digits = nullptr; // where the child writes its own pid, in one of envp's strings
    int executable = -1;
    std::optional<rlimit> descriptor_limit;
    std::optional<RunAs> run_as;
    bool no_new_privileges = false;
    int parent_death_signal = 0;
    pid_t parent = 0;

    SpawnStage stage = SpawnStage::clone; // out
    int error = 0;                        // out: errno, 0 = exec succeeded
};

// ---- in the child: async-signal-safe calls on prepared memory only, ending in exec or _exit ----------------------

#define PANDORA_IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))

/// What rt_sigaction(2) takes; libc's own struct is laid out differently.
struct KernelSigaction {
    void (*handler)(int) = SIG_DFL;
    unsigned long flags = 0;
    void (*restorer)() = nullptr;
    std::uint64_t mask = 0;
};

constexpr std::size_t kernel_sigset_bytes = 8;
constexpr int kernel_signal_max = 64;

PANDORA_IN_CHILD bool reset_signal_dispositions()
{
    const KernelSigaction defaults;
    for (int signal = 1; signal <= kernel_signal_max; ++signal) {
        if (signal == SIGKILL || signal == SIGSTOP) continue;
        if (::syscall(SYS_rt_sigaction, signal, &defaults, nullptr, kernel_sigset_bytes) != 0) return false;
    }
    return true;
}

PANDORA_IN_CHILD bool unblock_signals()
{
    const std::uint64_t none = 0;
    return ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kernel_sigset_bytes) == 0;
}

PANDORA_IN_CHILD bool place_standard_streams(const ChildPlan& plan)
{
    for (int fd = 0; fd < 3; ++fd)
        if (::syscall(SYS_dup3, plan.standard[static_cast<std::size_t>(fd)], fd, 0) < 0) return false;
    return true;
}

PANDORA_IN_CHILD bool place_passed_descriptors(const ChildPlan& plan)
{
    int next = first_passed_fd;
    for (const int fd : plan.passed)
        if (::syscall(SYS_dup3, fd, next++, 0) < 0) return false;
    // Belt to the braces of O_CLOEXEC everywhere: whatever else is open ends at exec.
    return ::syscall(SYS_close_range, static_cast<unsigned>(next), ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

PANDORA_IN_CHILD bool set_limits(const ChildPlan& plan)
{
    return !plan.descriptor_limit || ::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &*plan.descriptor_limit, nullptr) == 0;
}

PANDORA_IN_CHILD bool drop_credentials(const ChildPlan& plan)
{
    if (plan.no_new_privileges && ::syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    if (!plan.run_as) return true;
    return ::syscall(SYS_setgroups, 0, nullptr) == 0 && ::syscall(SYS_setgid, plan.run_as->gid) == 0 &&
           ::syscall(SYS_setuid, plan.run_as->uid) == 0;
}

/// After the credentials, which clear it. The parent may have died before the call: then nobody would ever send it.
PANDORA_IN_CHILD bool follow_parent_into_death(const ChildPlan& plan)
{
    if (::syscall(SYS_prctl, PR_SET_PDEATHSIG, plan.parent_death_signal, 0, 0, 0) != 0) return false;
    if (::syscall(SYS_getppid) == plan.parent) return true;
    errno = ESRCH;
    return false;
}

PANDORA_IN_CHILD bool enter_working_directory(const ChildPlan& plan)
{
    return !plan.working_directory || ::syscall(SYS_chdir, plan.working_directory) == 0;
}

PANDORA_IN_CHILD void write_own_pid(ChildPlan& plan)
{
    if (!plan.listen_pid_digits) return;
    const long pid = ::syscall(SYS_getpid);
    char* at = plan.listen_pid_digits;
    for (long power = 1'000'000'000; power > 0; power /= 10)
        if (pid >= power) *at++ = static_cast<char>('0' + pid / power % 10);
    *at = '\0'; // no leading zeros: sd_listen_fds(3) would read an octal number
}

/// Leaves the errno that tells most: like execvp(3), a candidate that may not be executed outweighs one that is
/// missing.
PANDORA_IN_CHILD void execute(ChildPlan& plan)
{
    if (plan.executable >= 0) {
        ::syscall(SYS_execveat, plan.executable, "", plan.argv.data(), plan.envp.data(), AT_EMPTY_PATH);
        return;
    }
    bool denied = false;
    for (char* candidate : plan.candidate_pointers) {
        ::syscall(SYS_execve, candidate, plan.argv.data(), plan.envp.data());
        if (errno == EACCES)
            denied = true;
        else if (errno != ENOENT && errno != ENOTDIR)
            return;
    }
    if (denied) errno = EACCES;
}

PANDORA_IN_CHILD int child_main(void* argument)
{
    auto& plan = *static_cast<ChildPlan*>(argument);
    const auto require = [&](SpawnStage stage, bool ok) PANDORA_IN_CHILD {
        if (ok) return;
        plan.stage = stage;
        plan.error = errno;
        ::syscall(SYS_exit_group, 127);
    };
    require(SpawnStage::session, ::syscall(SYS_setsid) >= 0);
    require(SpawnStage::signals, reset_signal_dispositions());
    require(SpawnStage::standard_streams, place_standard_streams(plan));
    require(SpawnStage::passed_descriptors, place_passed_descriptors(plan));
    require(SpawnStage::limits, set_limits(plan));
    require(SpawnStage::credentials, drop_credentials(plan));
    require(SpawnStage::parent_death_signal, follow_parent_into_death(plan));
    require(SpawnStage::working_directory, enter_working_directory(plan));
    write_own_pid(plan);
    require(SpawnStage::signals, unblock_signals());
    execute(plan);
    require(SpawnStage::exec, false);
    return 127;
}

// ---- in the parent ------------------------------------------------------------------------------------------------

/// No signal handler may run in the child while it shares our memory.
class AllSignalsBlocked {
public:
    AllSignalsBlocked()
    {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }

    ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

private:
    sigset_t before_{};
};

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

std::vector<char*> pointers(std::vector<std::string>& strings)
{
    std::vector<char*> out;
    for (auto& text : strings) out.push_back(text.data());
    return out;
}

std::vector<char*> null_terminated(std::vector<std::string>& strings)
{
    auto out = pointers(strings);
    out.push_back(nullptr);
    return out;
}

/// A private copy of a descriptor above the numbers that the child will fill.
SpawnResult<UniqueFd> copy_above(int fd, std::size_t passed)
{
    UniqueFd null;
    if (fd < 0) {
        null = UniqueFd{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        fd = null.get();
    }
    UniqueFd copy{fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, first_passed_fd + static_cast<int>(passed))};
    if (!copy) return SpawnError{SpawnStage::prepare, last_error(), "descriptor"};
    return copy;
}

std::string subject_of(SpawnStage stage, const SpawnRequest& request)
{
    return stage == SpawnStage::working_directory ? request.working_directory.string() : request.argv.front();
}

SpawnResult<Spawned> clone_child(ChildPlan& plan, const SpawnRequest& request)
{
    // The child's stack lies within our frame, where we are suspended until it has done with it.
    alignas(16) std::array<std::byte, child_stack_bytes> stack;
    int pidfd = -1;
    clone_args args{};
    args.flags = CLONE_PIDFD | CLONE_VFORK | CLONE_VM;
    args.exit_signal = SIGCHLD;
    args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
    args.stack = reinterpret_cast<std::uint64_t>(stack.data());
    args.stack_size = stack.size();

    const AllSignalsBlocked blocked;
    const long pid = clone_call(args, child_main, &plan);
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

std::string describe(const SpawnError& error)
{
    const auto stage = [&] {
        switch (error.stage) {
        case SpawnStage::prepare: return "prepare";
        case SpawnStage::clone: return "clone";
        case SpawnStage::session: return "setsid for";
        case SpawnStage::signals: return "reset signals for";
        case SpawnStage::standard_streams: return "redirect output of";
        case SpawnStage::passed_descriptors: return "pass descriptors to";
        case SpawnStage::limits: return "set limits of";
        case SpawnStage::credentials: return "change user for";
        case SpawnStage::parent_death_signal: return "follow parent for";
        case SpawnStage::working_directory: return "change to working_dir";
        case SpawnStage::exec: return "execute";
        case SpawnStage::watch: return "watch";
        }
        return "spawn";
    }();
    return std::string{"cannot "} + stage + " " + error.subject + ": " + error.cause.message();
}

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
    std::vector<UniqueFd> copies;
    const auto copy = [&](int fd) -> SpawnResult<int> {
        auto above = copy_above(fd, request.listen_fds.size());
        if (!above) return above.error();
        copies.push_back(std::move(*above));
        return copies.back().get();
    };
    const std::array wanted{request.standard_input, request.standard_output, request.standard_error};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto placed = copy(wanted[i]);
        if (!placed) return placed.error();
        plan.standard[i] = *placed;
    }
    for (const int fd : request.listen_fds) {
        const auto placed = copy(fd);
        if (!placed) return placed.error();
        plan.passed.push_back(*placed);
    }

    if (request.executable) { // it, too, must not be hit by a dup2
        const auto placed = copy(*request.executable);
        if (!placed) return placed.error();
        plan.executable = *placed;
    }
    auto argv = request.argv;
    auto environment = request.environment;
    if (!request.listen_fds.empty()) {
        environment.push_back("LISTEN_FDS=" + std::to_string(request.listen_fds.size()));
        environment.emplace_back(listen_pid_blank);
        plan.listen_pid_digits = environment.back().data() + std::strlen("LISTEN_PID=");
    }
    plan.candidates = candidates_for(request);
    plan.candidate_pointers = pointers(plan.candidates);
    plan.argv = null_terminated(argv);
    plan.envp = null_terminated(environment);
    plan.working_directory = request.working_directory.empty() ? nullptr : request.working_directory.c_str();
    if (const auto& limit = request.descriptor_limit) plan.descriptor_limit = rlimit{limit->soft, limit->hard};
    plan.run_as = request.run_as;
    plan.no_new_privileges = request.no_new_privileges;
    plan.parent_death_signal = request.parent_death_signal;
    plan.parent = ::getpid();
    return clone_child(plan, request);
}

void abandon(pid_t child)
{
    ::kill(-child, SIGKILL);
    siginfo_t ignored{};
    ::waitid(P_PID, static_cast<id_t>(child), &ignored, WEXITED);
}

} // namespace pandora::supervisor::os
