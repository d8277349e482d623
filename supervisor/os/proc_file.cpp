#include "supervisor/os/proc_file.hpp"

#include "supervisor/os/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace pandora::supervisor::os {

std::string read_proc_file(const std::filesystem::path& path)
{
    std::string text;
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) return text;
    std::array<char, 16 * 1024> chunk{};
    while (text.size() < proc_file_bytes_max) {
        const auto count = ::read(fd.get(), chunk.data(), std::min(chunk.size(), proc_file_bytes_max - text.size()));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
    return text;
}

} // namespace pandora::supervisor::os
