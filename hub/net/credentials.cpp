#include "hub/net/credentials.hpp"

#include "hub/net/fd_passing.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD // Linux 6.5; younger than the libc's headers
#define SO_PEERPIDFD 77
#endif

namespace pandora::hub::net {

namespace {

bool out_of_resources(int error) { return error == EMFILE || error == ENFILE || error == ENOMEM; }

} // namespace

std::optional<core::Credentials> credentials_of(int socket)
{
    ucred peer{};
    socklen_t size = sizeof peer;
    // Cannot fail on a connected Unix socket; a stranger's zeros would be taken for root, so be sure.
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return core::Credentials{0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
    core::Credentials found{peer.pid, peer.uid, peer.gid};

    int pidfd = -1; // the kernel makes it close-on-exec
    size = sizeof pidfd;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0)
        found.pidfd = own(pidfd);
    else if (out_of_resources(errno))
        return std::nullopt;
    else if (errno != ENOPROTOOPT)
        found.pid = 0; // reaped
    return found;
}

/// Signal 0 reaches a zombie as well, whose number is still its own.
bool number_is_free(const core::Fd& pidfd)
{
    return pidfd && ::syscall(SYS_pidfd_send_signal, *pidfd, 0, nullptr, 0) != 0 && errno == ESRCH;
}

} // namespace pandora::hub::net
