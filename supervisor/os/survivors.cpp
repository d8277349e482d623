#include "supervisor/os/survivors.hpp"

#include "supervisor/os/proc_file.hpp"
#include "supervisor/os/process_tree.hpp"
#include "supervisor/os/unique_fd.hpp"

#include <algorithm>
#include <cstdlib>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>

namespace pandora::supervisor::os {

namespace {

namespace fs = std::filesystem;

// As deep as process_tree's: a bound against a tree that changes while we read it.
constexpr int generations_max = 64;

struct Entry {
    uid_t uid = 0;
    ProcessStat stat;
};

using Table = std::unordered_map<pid_t, Entry>;

Table read_table(const fs::path& proc)
{
    Table table;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{proc, ignored}) {
        const auto name = entry.path().filename().native();
        if (name.front() < '1' || name.front() > '9') continue;

        struct stat owner {};

        const auto stat = read_process_stat(entry.path());
        if (!stat || !stat->kin.runs() || ::stat(entry.path().c_str(), &owner) != 0) continue;
        table[static_cast<pid_t>(std::atol(name.c_str()))] = {owner.st_uid, *stat};
    }
    return table;
}

/// `pid` itself, or one of those it descends from, is among `sought`.
bool leads_to(const Table& table, pid_t pid, const std::vector<pid_t>& sought)
{
    for (int n = 0; n < generations_max && pid > 0; ++n) {
        if (std::ranges::find(sought, pid) != sought.end()) return true;
        const auto found = table.find(pid);
        if (found == table.end()) return false;
        pid = found->second.stat.kin.parent;
    }
    return false;
}

bool environment_may_be_read(const SurvivorMarks& marks, uid_t uid)
{
    return std::ranges::find(marks.uids, uid) != marks.uids.end();
}

/// nullopt: it bears none of the marks.
std::optional<Survivor> marked(const SurvivorMarks& marks, const Table& table, pid_t pid, const fs::path& proc)
{
    const auto& entry = table.at(pid);
    if (pid == ::getpid() || entry.stat.kernel_thread || leads_to(table, pid, marks.excepted)) return std::nullopt;

    std::string environment;
    if (environment_may_be_read(marks, entry.uid))
        environment = read_proc_file(proc / std::to_string(pid) / "environ");
    const bool of_the_run = !marks.run_id.empty() && variable_in(environment, run_id_variable) == marks.run_id;
    const bool descends = marks.ancestor > 0 && pid != marks.ancestor && leads_to(table, pid, {marks.ancestor});
    if (!of_the_run && !descends && !marks.everything) return std::nullopt;
    return Survivor{pid, entry.stat.start_time, entry.stat.command,
                    std::string{variable_in(environment, "PANDORA_PROCESS").value_or("")},
                    std::string{variable_in(environment, "PANDORA_INSTANCE").value_or("")}};
}

} // namespace

std::optional<std::string_view> variable_in(std::string_view block, std::string_view name)
{
    while (!block.empty()) {
        const auto variable = block.substr(0, block.find('\0'));
        if (variable.size() > name.size() && variable.starts_with(name) && variable[name.size()] == '=')
            return variable.substr(name.size() + 1);
        block.remove_prefix(std::min(block.size(), variable.size() + 1));
    }
    return std::nullopt;
}

std::vector<Survivor> find_survivors(const SurvivorMarks& marks, const fs::path& proc)
{
    const auto table = read_table(proc);
    std::vector<Survivor> found;
    for (const auto& [pid, entry] : table)
        if (auto survivor = marked(marks, table, pid, proc)) found.push_back(std::move(*survivor));
    std::ranges::sort(found, {}, &Survivor::pid);
    return found;
}

/// Once we hold a pidfd of the number, the time it started says whether it is still the process that was found.
bool signal_survivor(const Survivor& survivor, int signal)
{
    const UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, survivor.pid, 0))};
    if (!pidfd) return false;
    const auto stat = read_process_stat(fs::path{"/proc"} / std::to_string(survivor.pid));
    if (!stat || stat->start_time != survivor.start_time) return false;
    return ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

SurvivorSweep::SurvivorSweep(SurvivorMarks marks, SurvivorPlan::Patience patience, Clock::time_point now)
    : marks_{std::move(marks)}, plan_{patience, now}
{}

std::optional<std::chrono::milliseconds> SurvivorSweep::step(Clock::time_point now)
{
    left_ = find_survivors(marks_);
    const auto step = plan_.next(left_, now);
    for (const auto& order : step.orders)
        for (const int signal : order.signals) signal_survivor(order.to, signal);
    return step.again;
}

std::vector<Survivor> end_survivors(SurvivorMarks marks, SurvivorPlan::Patience patience,
                                    const std::function<void(const Survivor&)>& found)
{
    using Clock = SurvivorSweep::Clock;
    SurvivorSweep sweep{std::move(marks), patience, Clock::now()};
    for (;;) {
        const auto again = sweep.step(Clock::now());
        for (const auto& survivor : sweep.newcomers()) found(survivor);
        if (!again) return sweep.left();
        std::this_thread::sleep_for(*again);
    }
}

} // namespace pandora::supervisor::os
