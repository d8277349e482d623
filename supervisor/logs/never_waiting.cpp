#include "supervisor/logs/never_waiting.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <limits>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pandora::supervisor::logs {

namespace {

/// A file description of our own for the same pipe or terminal.
os::UniqueFd open_anew(int fd)
{
    const auto path = "/proc/self/fd/" + std::to_string(fd);
    return os::UniqueFd{::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
}

} // namespace

NeverWaiting::NeverWaiting(int fd)
{
    struct stat info {};

    const bool known = ::fstat(fd, &info) == 0;
    if (known && (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode))) {
        fd_ = open_anew(fd);
        kind_ = Kind::own;
    } else if (known) {
        kind_ = S_ISSOCK(info.st_mode) ? Kind::socket : Kind::file;
    }
    if (fd_) return;
    fd_ = os::UniqueFd{::fcntl(fd, F_DUPFD_CLOEXEC, 3)};
    if (kind_ == Kind::own) kind_ = Kind::shared; // not ours to open, as another user's terminal
}

NeverWaiting::Written NeverWaiting::write(std::string_view text) const
{
    using enum Written::What;
    ssize_t done = -1;
    if (kind_ == Kind::socket) {
        done = ::send(fd_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } else if (kind_ == Kind::shared) {
        // What polls as writable takes PIPE_BUF bytes at once (pipe(7)): the best that is left.
        pollfd room{fd_.get(), POLLOUT, 0};
        if (::poll(&room, 1, 0) == 0) return {no_room};
        done = ::write(fd_.get(), text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    } else {
        done = ::write(fd_.get(), text.data(), text.size());
    }
    if (done >= 0) return {some, static_cast<std::size_t>(done)};
    if (errno == EINTR) return {some, 0};
    return {errno == EAGAIN || errno == EWOULDBLOCK ? no_room : gone};
}

/// A pipe promises it (pipe(7)), a local stream socket does it: it takes what fits into one buffer.
std::size_t NeverWaiting::whole_bytes_max() const
{
    return kind_ == Kind::file ? std::numeric_limits<std::size_t>::max() : PIPE_BUF;
}

/// Terminals and sockets tell of their queue, pipes of what can be read: at either end.
std::size_t NeverWaiting::unread_bytes() const
{
    int bytes = 0;
    const bool told = ::ioctl(fd_.get(), TIOCOUTQ, &bytes) == 0 || ::ioctl(fd_.get(), FIONREAD, &bytes) == 0;
    return told && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

} // namespace pandora::supervisor::logs
