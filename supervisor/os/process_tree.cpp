#include "supervisor/os/process_tree.hpp"

#include "supervisor/os/proc_file.hpp"

#include <limits>
#include <sstream>
#include <string>

namespace pandora::supervisor::os {

namespace {

constexpr int generations_max = 64; // deeper than any shell script; a bound against a tree that changes while we read

// How many fields of stat stand between: the command and the flags, the flags and the start time.
constexpr int fields_before_flags = 6;
constexpr int fields_before_start = 12;

constexpr unsigned kernel_thread_flag = 0x00200000; // PF_KTHREAD; numbers and groups tell nothing in a pid namespace

std::string read_stat(const std::filesystem::path& process) { return read_proc_file(process / "stat"); }

std::optional<Kinship> read_kinship(const std::filesystem::path& process) { return parse_kinship(read_stat(process)); }

} // namespace

std::optional<Kinship> parse_kinship(std::string_view stat)
{
    const auto after_command = stat.rfind(')');
    if (after_command == std::string_view::npos) return std::nullopt;
    std::istringstream fields{std::string{stat.substr(after_command + 1)}};
    Kinship kin;
    if (!(fields >> kin.state >> kin.parent >> kin.group >> kin.session)) return std::nullopt;
    return kin;
}

std::optional<ProcessStat> parse_process_stat(std::string_view stat)
{
    const auto kin = parse_kinship(stat);
    const auto open = stat.find('(');
    const auto close = stat.rfind(')');
    if (!kin || open == std::string_view::npos || open > close) return std::nullopt;
    std::istringstream fields{std::string{stat.substr(close + 1)}};
    std::string skipped;
    unsigned flags = 0;
    ProcessStat found{std::string{stat.substr(open + 1, close - open - 1)}, *kin};
    for (int n = 0; n < fields_before_flags; ++n) fields >> skipped;
    fields >> flags;
    for (int n = 0; n < fields_before_start; ++n) fields >> skipped;
    if (!(fields >> found.start_time)) return std::nullopt;
    found.kernel_thread = (flags & kernel_thread_flag) != 0;
    return found;
}

std::optional<ProcessStat> read_process_stat(const std::filesystem::path& process)
{
    return parse_process_stat(read_stat(process));
}

bool group_runs(pid_t group, const std::filesystem::path& proc)
{
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{proc, ignored}) {
        const auto first = entry.path().filename().native().front();
        if (first < '0' || first > '9') continue;
        const auto kin = read_kinship(entry.path());
        if (kin && kin->group == group && kin->runs()) return true;
    }
    return false;
}

/// Between two readings the parent may end and its number become another's. Nobody is older than its parent, so that
/// such a one gives itself away, and with it a family that is not ours.
std::vector<pid_t> lineage(pid_t pid, const std::filesystem::path& proc)
{
    std::vector<pid_t> found;
    auto child_start = std::numeric_limits<std::uint64_t>::max();
    for (int n = 0; n < generations_max && pid > 0; ++n) {
        const auto stat = read_process_stat(proc / std::to_string(pid));
        if (!stat || stat->start_time > child_start) break;
        found.push_back(pid);
        if (stat->kin.session > 0 && stat->kin.session != pid) found.push_back(stat->kin.session);
        child_start = stat->start_time;
        pid = stat->kin.parent;
    }
    return found;
}

} // namespace pandora::supervisor::os
