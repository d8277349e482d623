#include "supervisor/os/notify_socket.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <utility>
#include <vector>

#ifndef SO_PASSPIDFD // Linux 6.5; younger than the libc's headers
#define SO_PASSPIDFD 76
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

namespace pandora::supervisor::os {

namespace asio = boost::asio;

namespace {

// What a turn of the loop spends here before others have theirs. A choice; the queue of a datagram socket holds fewer
// (net.unix.max_dgram_qlen, 10 by default), so this bounds those who refill it meanwhile.
constexpr int datagrams_per_turn_max = 64;

// As core::notification_bytes_max: one that does not fit is refused. One byte more would tell nothing.
constexpr std::size_t datagram_bytes_max = 4096;

// Descriptors in one datagram that reach us; the kernel closes what does not fit. sd_notify(3) senders pass one.
constexpr std::size_t descriptors_max = 16;

[[noreturn]] void fail(const std::filesystem::path& path, int error = errno)
{
    throw std::system_error{error, std::generic_category(), "cannot bind " + path.string()};
}

/// The rest of a dead predecessor; anything but a socket was put there by somebody for some reason, and stays.
void remove_stale(const std::filesystem::path& path)
{
    struct stat info {};

    if (::lstat(path.c_str(), &info) != 0) return;
    if (!S_ISSOCK(info.st_mode)) fail(path, EEXIST);
    ::unlink(path.c_str());
}

asio::posix::stream_descriptor bind_datagram(asio::io_context& io, const std::filesystem::path& path, mode_t mode)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) fail(path, ENAMETOOLONG);
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    remove_stale(path);
    UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) fail(path);
    const int on = 1; // before bind: no datagram may come without its sender
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) fail(path);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_PASSPIDFD, &on, sizeof on); // where there
    ::fchmod(fd.get(), mode); // before bind: the file is never there with a wider mode (unix(7))
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail(path);
    asio::posix::stream_descriptor socket{io};
    socket.assign(fd.get()); // throws, and leaves it to its owner then
    (void)fd.release();
    return socket;
}

struct Attached {
    std::optional<ucred> sender;
    UniqueFd pidfd;
    std::vector<UniqueFd> descriptors;
};

void take_descriptors(const cmsghdr& header, std::vector<UniqueFd>& into)
{
    const auto count = (header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(&header) + i * sizeof fd, sizeof fd);
        if (fd >= 0) into.emplace_back(fd); // in place of a pidfd that could not be made there is a negated errno
    }
}

/// Owns every descriptor that came, whatever the rest is worth.
Attached take_attached(msghdr& message)
{
    Attached attached;
    for (auto* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        if (header->cmsg_type == SCM_CREDENTIALS && header->cmsg_len == CMSG_LEN(sizeof(ucred))) {
            ucred sender{};
            std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
            attached.sender = sender;
        } else if (header->cmsg_type == SCM_RIGHTS) {
            take_descriptors(*header, attached.descriptors);
        } else if (header->cmsg_type == SCM_PIDFD) {
            std::vector<UniqueFd> one;
            take_descriptors(*header, one);
            if (!one.empty()) attached.pidfd = std::move(one.front());
        }
    }
    return attached;
}

} // namespace

bool NotifySender::has_ended() const
{
    if (pidfd < 0) return ::kill(pid, 0) != 0 && errno == ESRCH;
    pollfd one{pidfd, POLLIN, 0};
    return ::poll(&one, 1, 0) != 0;
}

NotifySocket::NotifySocket(asio::io_context& io, const std::filesystem::path& path, mode_t mode, Received received,
                           Refused refused)
    : socket_{bind_datagram(io, path, mode)}, file_{path}, received_{std::move(received)}, refused_{std::move(refused)}
{
    wait();
}

NotifySocket::~NotifySocket() = default;

void NotifySocket::wait()
{
    socket_.async_wait(asio::posix::descriptor_base::wait_read,
                       [this, life = std::weak_ptr{life_}](const boost::system::error_code& error) {
                           if (error || life.expired()) return;
                           drain();
                           wait(); // tells at once where something is left
                       });
}

void NotifySocket::drain()
{
    for (int count = 0; count < datagrams_per_turn_max; ++count)
        if (receive_one() == Reading::empty) return;
}

/// The descriptors that came with a datagram are closed when it has been handled, which is after those before it. That
/// is all that BARRIER=1 asks for: its sender waits until the other end of the one it passed is closed
/// (sd_notify_barrier(3)).
NotifySocket::Reading NotifySocket::receive_one()
{
    std::array<char, datagram_bytes_max> text;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int)) +
                                               CMSG_SPACE(descriptors_max * sizeof(int))>
        control;
    iovec part{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto bytes = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (bytes < 0) return errno == EINTR ? Reading::more : Reading::empty;

    const auto attached = take_attached(message);
    if (!attached.sender || attached.sender->pid <= 0) { // of a pid namespace that we cannot see into
        refused_(NotifySender{}, "its sender is unknown");
        return Reading::more;
    }
    const NotifySender sender{attached.sender->pid, attached.sender->uid, attached.pidfd.get()};
    if (message.msg_flags & MSG_TRUNC)
        refused_(sender, "it is longer than " + std::to_string(datagram_bytes_max) + " bytes");
    else
        received_(sender, {text.data(), static_cast<std::size_t>(bytes)});
    return Reading::more;
}

} // namespace pandora::supervisor::os
