#include "procfiles/read_file.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace pandora::procfiles {

namespace {

/// Closes the file whichever way the reading ends.
class OpenFile {
public:
    // A C++ stream would open it without close-on-exec, and another thread may be starting a child. A pipe is opened
    // whether or not there is somebody who writes into it.
    explicit OpenFile(const std::filesystem::path& path) : fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)}
    {
        if (fd_ >= 0) ::fcntl(fd_, F_SETFL, 0); // reading waits
    }

    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    ~OpenFile()
    {
        if (fd_ >= 0) ::close(fd_);
    }

    int fd() const { return fd_; }

private:
    int fd_;
};

Unreadable system_reason() { return {std::generic_category().message(errno)}; }

std::string limit_text(std::size_t bytes) { return std::to_string(bytes / (1024 * 1024)) + " MiB"; }

FileText read_all(int fd, std::size_t bytes_max)
{
    std::string text;
    std::array<char, 64 * 1024> buffer;
    for (;;) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_reason();
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > bytes_max) return Unreadable{"larger than " + limit_text(bytes_max)};
    }
}

} // namespace

FileText read_file(const std::filesystem::path& path, std::size_t bytes_max)
{
    const OpenFile file{path};
    if (file.fd() < 0) return system_reason();

    struct stat status {};

    if (::fstat(file.fd(), &status) != 0) return system_reason();
    if (S_ISDIR(status.st_mode)) return Unreadable{"it is a directory"};
    FileText text = read_all(file.fd(), bytes_max);
    if (S_ISFIFO(status.st_mode) && text == FileText{""}) return Unreadable{"it is a pipe that nobody writes into"};
    return text;
}

} // namespace pandora::procfiles
