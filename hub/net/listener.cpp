#include "hub/net/listener.hpp"

#include "hub/net/credentials.hpp"
#include "hub/net/fd_passing.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
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
/// What it takes for descriptors to come free again. NATS waits as long.
constexpr std::chrono::milliseconds pause_min{10};
constexpr std::chrono::milliseconds pause_max{1'000};

bool out_of_descriptors(int error) { return error == EMFILE || error == ENFILE; }

bool out_of_memory(int error) { return error == ENOBUFS || error == ENOMEM; }

} // namespace

Listener::Listener(boost::asio::io_context& io, int listener_fd, Accepted accepted, Refused refused)
    : io_{io}, listener_{io, listener_fd}, pause_{io},
      pause_time_{pause_min}, accepted_{std::move(accepted)}, refused_{std::move(refused)}
{
    if (::fcntl(listener_fd, F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(listener_fd, F_SETFL, O_NONBLOCK) != 0)
        throw std::system_error{errno, std::generic_category(), "hub listener"};
    keep_reserve();
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
    keep_reserve();
    for (int i = 0; i < accepts_per_turn; ++i) {
        const int fd = ::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            if (!accepted(fd)) return pause();
            pause_time_ = pause_min;
            continue;
        }
        if (out_of_descriptors(errno)) {
            turn_one_away();
            return pause();
        }
        if (out_of_memory(errno)) return pause();
        if (errno != EINTR && errno != ECONNABORTED) break; // EAGAIN: nobody is waiting any more
    }
    wait();
}

/// False if there is no room for what belongs to a connection: its credentials, or the loop's watching it
/// (epoll_ctl(2): ENOSPC, ENOMEM). It is closed.
bool Listener::accepted(int fd)
{
    Descriptor socket{io_};
    boost::system::error_code error;
    socket.assign(fd, error);
    if (error) ::close(fd);
    const auto peer = error ? std::nullopt : credentials_of(fd);
    if (!peer) {
        refused_(core::Disconnect::out_of_descriptors);
        return false;
    }
    accepted_(std::move(socket), *peer);
    return true;
}

/// Any descriptor does: what counts is its place in the table.
void Listener::keep_reserve()
{
    if (reserve_) return;
    const int fd = ::fcntl(listener_.native_handle(), F_DUPFD_CLOEXEC, 0);
    if (fd >= 0) reserve_ = own(fd);
}

/// Another thread of the process, or another process of the system, may be faster and take the place: then there is no
/// reserve until descriptors have come free.
void Listener::turn_one_away()
{
    if (!reserve_) return;
    reserve_.reset();
    const int fd = ::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        ::close(fd);
        refused_(core::Disconnect::out_of_descriptors);
    }
    keep_reserve();
}

void Listener::pause()
{
    pause_.expires_after(std::exchange(pause_time_, std::min(2 * pause_time_, pause_max)));
    // A timer that has fired already can no longer be cancelled: the listener may be gone when its turn comes.
    pause_.async_wait([self = std::weak_ptr{self_}](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (alive && !error) (*alive)->accept_waiting();
    });
}

} // namespace pandora::hub::net
