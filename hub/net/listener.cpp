#include "hub/net/listener.hpp"

#include <boost/asio/error.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::hub::net {

namespace {

/// Connections accepted before others get their turn. Choice.
constexpr int accepts_per_turn = 64;
/// What it takes for descriptors to come free again. Choice; NATS waits 10 ms to 1 s.
constexpr std::chrono::milliseconds pause_time{100};

core::Credentials credentials_of(int fd)
{
    ucred peer{};
    socklen_t size = sizeof peer;
    // Cannot fail on a connected Unix socket; a stranger's zeros would be taken for root, so be sure.
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return {0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
    return {peer.pid, peer.uid, peer.gid};
}

bool out_of_resources(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

} // namespace

Listener::Listener(boost::asio::io_context& io, int listener_fd, Accepted accepted)
    : io_{io}, listener_{io, listener_fd}, pause_{io}, accepted_{std::move(accepted)}
{
    if (::fcntl(listener_fd, F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(listener_fd, F_SETFL, O_NONBLOCK) != 0)
        throw std::system_error{errno, std::generic_category(), "hub listener"};
    wait();
}

void Listener::wait()
{
    listener_.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
        if (error == boost::asio::error::operation_aborted) return; // destroyed: `this` is gone
        accept_waiting();
    });
}

void Listener::accept_waiting()
{
    for (int i = 0; i < accepts_per_turn; ++i) {
        const int fd = ::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            if (!accepted(fd)) return pause();
            continue;
        }
        if (out_of_resources(errno)) return pause();
        if (errno != EINTR && errno != ECONNABORTED) break; // EAGAIN: nobody is waiting any more
    }
    wait();
}

/// False if the loop has no room to watch another descriptor (epoll_ctl(2): ENOSPC, ENOMEM): it is closed.
bool Listener::accepted(int fd)
{
    Descriptor socket{io_};
    boost::system::error_code error;
    socket.assign(fd, error);
    if (error) {
        ::close(fd);
        return false;
    }
    accepted_(std::move(socket), credentials_of(fd));
    return true;
}

void Listener::pause()
{
    pause_.expires_after(pause_time);
    // A timer that has fired already can no longer be cancelled: the listener may be gone when its turn comes.
    pause_.async_wait([self = std::weak_ptr{self_}](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (alive && !error) (*alive)->wait();
    });
}

} // namespace pandora::hub::net
