// Files of /proc, whose process may end between any two system calls.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace pandora::supervisor::os {

/// More than any file of an honest process has: an environment and its arguments are 6 MiB at most (execve(2)). A
/// process can say that its environment is gigabytes of its memory (PR_SET_MM_ENV_END).
inline constexpr std::size_t proc_file_bytes_max = 8 * 1024 * 1024;

/// What could be read of it: empty where there is no such file (any more), less than all where its process ended
/// meanwhile (ESRCH), at most proc_file_bytes_max. Never throws for what the kernel says; any thread.
std::string read_proc_file(const std::filesystem::path& path);

} // namespace pandora::supervisor::os
