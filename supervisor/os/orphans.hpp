// Processes that were adopted from a dead parent. As PID 1, or as subreaper, pandora gets them and has to reap them.
#pragma once

#include <functional>
#include <sys/types.h>

namespace pandora::supervisor::os {

/// Orphans of our descendants come to us rather than to init, so that a process group can be seen to become empty.
/// See PR_SET_CHILD_SUBREAPER in prctl(2).
void become_subreaper();

/// Reaps every ended child that `collect` does not claim. `collect(pid)` is asked first: where it returns true the pid
/// was one of the caller's own, which it has reaped itself.
/// One SIGCHLD may stand for many ends: to be called on each.
void reap_orphans(const std::function<bool(pid_t)>& collect);

/// Reaps the members of a process group that have come to us and ended. Its leader must have been reaped before.
void reap_group(pid_t group);

} // namespace pandora::supervisor::os
