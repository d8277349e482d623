#include "supervisor/os/durable_file.hpp"

#include "supervisor/os/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace pandora::supervisor::os {

namespace {

namespace fs = std::filesystem;

constexpr mode_t owner_only = 0600;

[[noreturn]] void fail(const std::string& what) { throw std::system_error{errno, std::generic_category(), what}; }

UniqueFd open_or_fail(const fs::path& path, int flags)
{
    UniqueFd fd{::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, owner_only)};
    if (!fd) fail("cannot open " + path.string());
    return fd;
}

void write_all(const UniqueFd& fd, std::string_view text, const fs::path& path)
{
    while (!text.empty()) {
        const auto count = ::write(fd.get(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("cannot write " + path.string());
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

} // namespace

std::string read_file(const fs::path& path)
{
    if (!fs::exists(path)) return {};
    const auto fd = open_or_fail(path, O_RDONLY);
    std::string text;
    std::array<char, 64 * 1024> chunk{};
    for (;;) {
        const auto count = ::read(fd.get(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("cannot read " + path.string());
        if (count == 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
}

/// The contents reach the disk before the name does, and the name before this returns.
void replace_file(const fs::path& path, std::string_view text)
{
    const auto folder = path.parent_path();
    if (fs::create_directories(folder)) fs::permissions(folder, fs::perms::owner_all);
    auto fresh = path;
    fresh += ".new";
    {
        const auto fd = open_or_fail(fresh, O_WRONLY | O_CREAT | O_TRUNC);
        if (::fchmod(fd.get(), owner_only) != 0) fail("cannot protect " + fresh.string()); // it may be a leftover
        write_all(fd, text, fresh);
        if (::fsync(fd.get()) != 0) fail("cannot write " + fresh.string());
    }
    fs::rename(fresh, path);
    if (::fsync(open_or_fail(folder, O_RDONLY | O_DIRECTORY).get()) != 0) fail("cannot write " + folder.string());
}

} // namespace pandora::supervisor::os
