#include "supervisor/os/spawn_child.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/ioprio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pandora::supervisor::os {

namespace {

#define PANDORA_IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))

/// What rt_sigaction(2) takes; libc's own struct is laid out differently.
struct KernelSigaction {
    void (*handler)(int) = SIG_DFL;
    unsigned long flags = 0;
    void (*restorer)() = nullptr;
    std::uint64_t mask = 0;
};

constexpr std::size_t kernel_sigset_bytes = 8;
constexpr int first_passed = 3;

/// CLONE_CLEAR_SIGHAND has cleared the handlers, but what is ignored stays so, through exec, too.
PANDORA_IN_CHILD bool heed_ignored_signals(const ChildPlan& plan)
{
    const KernelSigaction defaults;
    for (int signal = 1; signal <= signal_max; ++signal) {
        if (!plan.perhaps_ignored.contains(signal) || signal == SIGKILL || signal == SIGSTOP) continue;
        if (::syscall(SYS_rt_sigaction, signal, &defaults, nullptr, kernel_sigset_bytes) != 0) return false;
    }
    return true;
}

PANDORA_IN_CHILD bool unblock_signals()
{
    const std::uint64_t none = 0;
    return ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kernel_sigset_bytes) == 0;
}

PANDORA_IN_CHILD bool join_cgroups(const ChildPlan& plan)
{
    for (const int entry : plan.cgroup_entries)
        if (::syscall(SYS_write, entry, "0", 1) != 1) return false; // 0 = whoever writes
    return true;
}

PANDORA_IN_CHILD bool leave_table_of_parent(const ChildPlan& plan)
{
    return !plan.shared_below || ::syscall(SYS_close_range, *plan.shared_below, ~0U, CLOSE_RANGE_UNSHARE) == 0;
}

/// Moves a source that a placement would overwrite before its turn.
PANDORA_IN_CHILD bool lift(int& descriptor, int number_max)
{
    if (descriptor < 0 || descriptor > number_max) return true;
    descriptor = static_cast<int>(::syscall(SYS_fcntl, descriptor, F_DUPFD_CLOEXEC, number_max + 1));
    return descriptor >= 0;
}

PANDORA_IN_CHILD bool lift_all(ChildPlan& plan)
{
    for (auto& stream : plan.streams)
        if (!lift(stream.from, plan.number_max)) return false;
    for (auto& passed : plan.passed)
        if (!lift(passed.from, plan.number_max)) return false;
    return lift(plan.executable, plan.number_max);
}

PANDORA_IN_CHILD bool place(const std::vector<Placement>& placements)
{
    for (const auto& one : placements)
        if (::syscall(SYS_dup3, one.from, one.to, 0) < 0) return false;
    return true;
}

PANDORA_IN_CHILD bool place_standard_streams(ChildPlan& plan)
{
    if (!lift_all(plan)) return false;
    int null = -1;
    for (auto& stream : plan.streams) {
        if (stream.from >= 0) continue;
        if (null < 0) null = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC));
        if (!lift(null, plan.number_max) || null < 0) return false;
        stream.from = null;
    }
    // Belt to the braces of O_CLOEXEC everywhere: all but what is placed from here on ends at exec.
    return ::syscall(SYS_close_range, first_passed, ~0U, CLOSE_RANGE_CLOEXEC) == 0 && place(plan.streams);
}

/// As the leader of a new session without one: its process group comes to the foreground by this, too.
PANDORA_IN_CHILD bool take_terminal(const ChildPlan& plan)
{
    return !plan.controlling_terminal || ::syscall(SYS_ioctl, STDIN_FILENO, TIOCSCTTY, 0) == 0;
}

/// The parent's own score stays as it is: the kernel tells a vfork from a thread.
PANDORA_IN_CHILD bool set_oom_score(const ChildPlan& plan)
{
    const char* text = plan.oom_score_adj.data();
    long length = 0;
    while (text[length] != '\0') ++length;
    if (length == 0) return true;
    const long file = ::syscall(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    return file >= 0 && ::syscall(SYS_write, file, text, length) == length;
}

PANDORA_IN_CHILD bool set_limits(const ChildPlan& plan)
{
    if (plan.umask) ::syscall(SYS_umask, *plan.umask); // cannot fail
    for (const auto& limit : plan.limits)
        if (::syscall(SYS_prlimit64, 0, limit.resource, &limit.value, nullptr) != 0) return false;
    return true;
}

PANDORA_IN_CHILD bool set_priority(const ChildPlan& plan)
{
    return !plan.nice || ::syscall(SYS_setpriority, PRIO_PROCESS, 0, *plan.nice) == 0;
}

PANDORA_IN_CHILD bool set_io_priority(const ChildPlan& plan)
{
    return !plan.io_priority || ::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, *plan.io_priority) == 0;
}

PANDORA_IN_CHILD bool set_cpu_affinity(const ChildPlan& plan)
{
    const auto bytes = plan.cpu_mask.size() * sizeof(unsigned long);
    return bytes == 0 || ::syscall(SYS_sched_setaffinity, 0, bytes, plan.cpu_mask.data()) == 0;
}

/// The raw calls change this process alone, where libc's would ask the other threads of the parent to follow.
PANDORA_IN_CHILD bool change_user(const ChildPlan& plan)
{
    if (!plan.run_as) return true;
    const auto& to = *plan.run_as;
    // Kept beyond the change of user only until the capabilities asked for have been chosen; exec clears the flag.
    if (plan.capabilities && ::syscall(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return false;
    return ::syscall(SYS_setgroups, to.groups.size(), to.groups.data()) == 0 &&
           ::syscall(SYS_setresgid, to.gid, to.gid, to.gid) == 0 &&
           ::syscall(SYS_setresuid, to.uid, to.uid, to.uid) == 0;
}

/// What is not in the bounding set no program can gain, however it is installed.
PANDORA_IN_CHILD bool bound_capabilities(const ChildPlan& plan)
{
    if (!plan.capabilities) return true;
    for (int capability = 0; capability < 64; ++capability) {
        const long present = ::syscall(SYS_prctl, PR_CAPBSET_READ, capability, 0, 0, 0);
        if (present < 0) return true; // beyond the last that this kernel knows
        if (present == 0 || plan.capabilities->contains(capability)) continue;
        if (::syscall(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return false;
    }
    return true;
}

/// Ambient ones survive the exec of an ordinary program by an ordinary user; to be ambient a capability has to be
/// inheritable and permitted.
PANDORA_IN_CHILD bool keep_capabilities(const ChildPlan& plan)
{
    if (!plan.capabilities) return true;
    const auto bits = plan.capabilities->bits();
    const auto low = static_cast<std::uint32_t>(bits);
    const auto high = static_cast<std::uint32_t>(bits >> 32);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{low, low, low}, {high, high, high}};
    if (::syscall(SYS_capset, &header, data) != 0) return false;
    if (::syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return false;
    for (int capability = 0; capability < 64; ++capability)
        if (plan.capabilities->contains(capability) &&
            ::syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0)
            return false;
    return true;
}

PANDORA_IN_CHILD bool renounce_privileges(const ChildPlan& plan)
{
    return !plan.no_new_privileges || ::syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
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

PANDORA_IN_CHILD void write_own_pid(const ChildPlan& plan)
{
    if (plan.pid_digits.empty()) return;
    const long pid = ::syscall(SYS_getpid);
    for (char* at : plan.pid_digits) {
        for (long power = 1'000'000'000; power > 0; power /= 10)
            if (pid >= power) *at++ = static_cast<char>('0' + pid / power % 10);
        *at = '\0'; // no leading zeros: sd_listen_fds(3) would read an octal number
    }
}

/// Leaves the errno that tells most: like execvp(3), a candidate that may not be executed outweighs one that is
/// missing.
PANDORA_IN_CHILD void execute(const ChildPlan& plan)
{
    if (plan.executable >= 0) {
        ::syscall(SYS_execveat, plan.executable, "", plan.argv.data(), plan.envp.data(), AT_EMPTY_PATH);
        return;
    }
    bool denied = false;
    for (const char* candidate : plan.candidates) {
        ::syscall(SYS_execve, candidate, plan.argv.data(), plan.envp.data());
        if (errno == EACCES)
            denied = true;
        else if (errno != ENOENT && errno != ENOTDIR)
            return;
    }
    if (denied) errno = EACCES;
}

} // namespace

/// The order matters: what needs privileges comes before they go, and what their change clears comes after it.
PANDORA_IN_CHILD int child_main(void* argument)
{
    auto& plan = *static_cast<ChildPlan*>(argument);
    const auto require = [&](SpawnStage stage, bool ok) PANDORA_IN_CHILD {
        if (ok) return;
        plan.stage = stage;
        plan.error = errno;
        ::syscall(SYS_exit_group, 127);
    };
    require(SpawnStage::standard_streams, leave_table_of_parent(plan)); // before anything that changes a descriptor
    require(SpawnStage::session, ::syscall(SYS_setsid) >= 0);
    require(SpawnStage::signals, heed_ignored_signals(plan));
    require(SpawnStage::cgroup, join_cgroups(plan));
    require(SpawnStage::standard_streams, place_standard_streams(plan));
    require(SpawnStage::passed_descriptors, place(plan.passed));
    require(SpawnStage::controlling_terminal, take_terminal(plan));
    require(SpawnStage::oom_score, set_oom_score(plan));
    require(SpawnStage::resource_limits, set_limits(plan));
    require(SpawnStage::priority, set_priority(plan));
    require(SpawnStage::io_priority, set_io_priority(plan));
    require(SpawnStage::cpu_affinity, set_cpu_affinity(plan));
    require(SpawnStage::capabilities, bound_capabilities(plan));
    require(SpawnStage::credentials, change_user(plan));
    require(SpawnStage::capabilities, keep_capabilities(plan));
    require(SpawnStage::no_new_privileges, renounce_privileges(plan));
    require(SpawnStage::parent_death_signal, follow_parent_into_death(plan));
    require(SpawnStage::working_directory, enter_working_directory(plan));
    write_own_pid(plan);
    require(SpawnStage::signals, unblock_signals());
    execute(plan);
    require(SpawnStage::exec, false);
    return 127;
}

} // namespace pandora::supervisor::os
