// Files of /proc, whose process may end between any two system calls.
#pragma once

#include <filesystem>
#include <string>

namespace pandora::supervisor::os {

/// What could be read of it: empty where there is no such file (any more), less than all where its process ended
/// meanwhile (ESRCH). Never throws for what the kernel says; any thread.
std::string read_proc_file(const std::filesystem::path& path);

} // namespace pandora::supervisor::os
