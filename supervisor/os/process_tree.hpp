// Who descends from whom, read from /proc.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::os {

struct Kinship {
    char state = 0; // 'Z': a zombie, which has ended and only waits to be reaped
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
};

/// Reads the text of /proc/PID/stat (proc(5)). The command in parentheses may hold spaces and parentheses itself.
std::optional<Kinship> parse_kinship(std::string_view stat);

/// Whether any process of the process group `group` still runs. A zombie does not: its parent may never reap it.
/// Reads all of /proc: for the rare group that outlives its leader.
bool group_runs(pid_t group, const std::filesystem::path& proc = "/proc");

/// `pid`, its parent, that one's parent, ... up to a process without a living parent, and for each the leader of its
/// session: an orphan's parents no longer lead to the worker it came from, its session still does.
/// At most 64 generations; empty where the process is gone.
std::vector<pid_t> lineage(pid_t pid, const std::filesystem::path& proc = "/proc");

} // namespace pandora::supervisor::os
