// Who descends from whom, read from /proc.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::os {

struct Kinship {
    char state = 0; // 'Z': a zombie, which has ended and only waits to be reaped
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;

    /// A zombie does not, nor what is just being reaped.
    bool runs() const { return state != 'Z' && state != 'X'; }
};

struct ProcessStat {
    std::string command; // the name of its main thread, at most 15 bytes
    Kinship kin;
    bool kernel_thread = false;
    std::uint64_t start_time = 0; // clock ticks since boot
};

/// Reads the text of /proc/PID/stat (proc(5)). The command in parentheses may hold spaces and parentheses itself.
std::optional<Kinship> parse_kinship(std::string_view stat);

/// The same text, with more of it.
std::optional<ProcessStat> parse_process_stat(std::string_view stat);

/// Of the process whose folder in /proc this is; none where it is gone.
std::optional<ProcessStat> read_process_stat(const std::filesystem::path& process);

/// Whether any process of the process group `group` still runs. A zombie does not: its parent may never reap it.
/// Reads all of /proc: for the rare group that outlives its leader.
bool group_runs(pid_t group, const std::filesystem::path& proc = "/proc");

/// `pid`, its parent, that one's parent, ... up to a process without a living parent, and for each the leader of its
/// session: an orphan's parents no longer lead to the worker it came from, its session still does.
/// At most 64 generations; empty where the process is gone.
std::vector<pid_t> lineage(pid_t pid, const std::filesystem::path& proc = "/proc");

} // namespace pandora::supervisor::os
