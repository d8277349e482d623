#include "supervisor/os/proc_file.hpp"

#include "supervisor/os/unique_fd.hpp"

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
    std::array<char, 16 * 1024>
        chunk{}; // the kernel bounds what it shows: an environment has at most 6 MiB (execve(2))
    for (;;) {
        const auto count = ::read(fd.get(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
}

} // namespace pandora::supervisor::os
