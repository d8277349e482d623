#include "supervisor/os/orphans.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>

namespace pandora::supervisor::os {

void become_subreaper()
{
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
        throw std::system_error{errno, std::generic_category(), "cannot become a subreaper"};
}

void reap_orphans(const std::function<bool(pid_t)>& collect)
{
    for (pid_t claimed = 0;;) {
        siginfo_t info{};
        // WNOWAIT: look before taking, for the status of our own children belongs to whoever waits for them.
        if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
        if (info.si_pid == claimed) return; // claimed, yet still there: never spin on it
        if (collect(info.si_pid)) {
            claimed = info.si_pid;
            continue;
        }
        siginfo_t taken{};
        if (::waitid(P_PID, static_cast<id_t>(info.si_pid), &taken, WEXITED | WNOHANG) != 0) return;
    }
}

void reap_group(pid_t group)
{
    siginfo_t taken{};
    do taken = {};
    while (::waitid(P_PGID, static_cast<id_t>(group), &taken, WEXITED | WNOHANG) == 0 && taken.si_pid != 0);
}

} // namespace pandora::supervisor::os
