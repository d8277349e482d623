#include "supervisor/os/runaways.hpp"

#include "supervisor/os/process_tree.hpp"

#include <fstream>
#include <iterator>
#include <unistd.h>

namespace pandora::supervisor::os {

std::vector<pid_t> adopted_children(const std::function<bool(pid_t)>& known)
{
    // Adopted by the thread that began the process: proc(5), /proc/PID/task/TID/children.
    const auto self = std::to_string(::getpid());
    std::ifstream children{"/proc/self/task/" + self + "/children"};
    std::vector<pid_t> adopted;
    for (pid_t pid = 0; children >> pid;)
        if (!known(pid)) adopted.push_back(pid);
    return adopted;
}

std::vector<Survivor> runaways_of(const std::vector<pid_t>& adopted, const std::string& run_id,
                                  const std::string& process, const std::string& instance)
{
    std::vector<Survivor> found;
    for (const auto pid : adopted) {
        const auto folder = std::filesystem::path{"/proc"} / std::to_string(pid);
        const auto stat = read_process_stat(folder);
        if (!stat || !stat->kin.runs()) continue;
        std::ifstream file{folder / "environ"};
        const std::string environment{std::istreambuf_iterator<char>{file}, {}};
        if (variable_in(environment, run_id_variable) == run_id &&
            variable_in(environment, "PANDORA_PROCESS") == process &&
            variable_in(environment, "PANDORA_INSTANCE") == instance)
            found.push_back({pid, stat->start_time, stat->command, process, instance});
    }
    return found;
}

} // namespace pandora::supervisor::os
