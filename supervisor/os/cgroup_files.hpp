// The files of which the interface of control groups consists.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <system_error>
#include <vector>

namespace pandora::supervisor::os {

/// The file has to exist: the kernel makes these files.
std::error_code write_cgroup_file(const std::filesystem::path& file, std::string_view text);

/// The number after `key` in a file of lines "KEY NUMBER"; none where there is no such line.
std::optional<std::uint64_t> read_cgroup_number(const std::filesystem::path& file, std::string_view key);

/// The words of a file such as cgroup.controllers.
std::vector<std::string> read_cgroup_words(const std::filesystem::path& file);

/// The processes in the group whose folder this is; empty also where it is gone.
std::vector<pid_t> cgroup_members(const std::filesystem::path& folder);

} // namespace pandora::supervisor::os
