#include "supervisor/os/cgroup_files.hpp"

#include "supervisor/os/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace pandora::supervisor::os {

std::error_code write_cgroup_file(const std::filesystem::path& file, std::string_view text)
{
    const UniqueFd fd{::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC)};
    // The kernel takes a value as a whole or not at all.
    if (!fd || ::write(fd.get(), text.data(), text.size()) < 0) return {errno, std::generic_category()};
    return {};
}

std::optional<std::uint64_t> read_cgroup_number(const std::filesystem::path& file, std::string_view key)
{
    std::ifstream in{file};
    std::string name;
    for (std::uint64_t number = 0; in >> name >> number;)
        if (name == key) return number;
    return std::nullopt;
}

std::vector<std::string> read_cgroup_words(const std::filesystem::path& file)
{
    std::ifstream in{file};
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(std::move(word));
    return words;
}

std::vector<pid_t> cgroup_members(const std::filesystem::path& folder)
{
    std::ifstream in{folder / "cgroup.procs"};
    std::vector<pid_t> found;
    for (pid_t pid = 0; in >> pid;)
        if (pid > 0) found.push_back(pid); // 0 is a process of another pid namespace
    return found;
}

} // namespace pandora::supervisor::os
