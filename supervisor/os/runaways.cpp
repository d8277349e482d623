#include "supervisor/os/runaways.hpp"

#include "supervisor/os/proc_file.hpp"
#include "supervisor/os/process_tree.hpp"

#include <array>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::os {

ChildrenFile::ChildrenFile()
{
    const auto self = std::to_string(::getpid()); // proc(5): /proc/PID/task/TID/children
    file_ = UniqueFd{::open(("/proc/self/task/" + self + "/children").c_str(), O_RDONLY | O_CLOEXEC)};
}

std::vector<pid_t> ChildrenFile::adopted(const std::function<bool(pid_t)>& known) const
{
    std::vector<pid_t> adopted;
    std::array<char, 4096> chunk{};
    off_t offset = 0;
    pid_t pid = 0; // numbers may be cut by the end of a chunk
    for (ssize_t got = 0; (got = ::pread(file_.get(), chunk.data(), chunk.size(), offset)) > 0; offset += got)
        for (const char c : std::string_view{chunk.data(), static_cast<std::size_t>(got)}) {
            if (c >= '0' && c <= '9') {
                pid = pid * 10 + (c - '0');
            } else if (const auto ended = std::exchange(pid, 0); ended > 0 && !known(ended)) {
                adopted.push_back(ended);
            }
        }
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
        const auto environment = read_proc_file(folder / "environ");
        if (variable_in(environment, run_id_variable) == run_id &&
            variable_in(environment, "PANDORA_PROCESS") == process &&
            variable_in(environment, "PANDORA_INSTANCE") == instance)
            found.push_back({pid, stat->start_time, stat->command, process, instance});
    }
    return found;
}

} // namespace pandora::supervisor::os
