// What all the processes of a session hold in memory together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::os {

struct SessionShare {
    pid_t session = 0;
    std::uint64_t resident_pages = 0;
};

/// Reads the text of /proc/PID/stat (proc(5)): fields 6 and 24.
std::optional<SessionShare> parse_session_share(std::string_view stat);

/// Bytes resident of each of these sessions, in their order; pages that processes share count for each of them. Reads
/// all of /proc once, ~20 us a process.
std::vector<std::uint64_t> resident_by_session(const std::vector<pid_t>& sessions,
                                               const std::filesystem::path& proc = "/proc");

} // namespace pandora::supervisor::os
