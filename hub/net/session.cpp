#include "hub/net/session.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace pandora::hub::net {

namespace {

/// Bytes read from one connection before the others get their turn. Choice: a few socket buffers.
constexpr std::size_t read_budget = 256 * 1024;
/// Bytes written to one connection in a turn. Choice: the soft limit of a queue.
constexpr std::size_t write_budget = 1024 * 1024;
/// Blocks gathered by one write; a block is up to 64 KiB, a socket buffer about 200 KiB.
constexpr std::size_t blocks_per_write = 32;

core::TimePoint now() { return std::chrono::steady_clock::now(); }

/// One gathered write. Returns the bytes taken, 0 where there is no room, and -1 at the socket's end.
ssize_t write_blocks(int fd, std::span<const std::string_view> blocks)
{
    std::array<iovec, blocks_per_write> vectors;
    for (std::size_t i = 0; i < blocks.size(); ++i)
        vectors[i] = {const_cast<char*>(blocks[i].data()), blocks[i].size()};
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = blocks.size();
    for (;;) {
        const ssize_t written = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (written >= 0) return written;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return 0;
        if (errno != EINTR) return -1;
    }
}

} // namespace

Session::Session(Descriptor socket, core::Router& router, SessionOwner& owner)
    : socket_{std::move(socket)}, router_{router}, owner_{owner}, decoder_{0}
{}

void Session::start(core::PeerId peer)
{
    peer_ = peer;
    wait_readable();
}

void Session::close()
{
    closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
}

void Session::wait_readable()
{
    socket_.async_wait(Descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code&) { self->on_readable(); });
}

void Session::on_readable()
{
    if (closed_) return;
    std::size_t budget = read_budget;
    Input input = Input::more;
    while (input == Input::more && budget > 0) input = read_some(budget);
    owner_.fed();
    switch (input) {
    case Input::drained: return wait_readable();
    case Input::more:
        boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->on_readable(); });
        return;
    case Input::ended: return owner_.lost(*peer_, end_);
    }
}

Session::Input Session::read_some(std::size_t& budget)
{
    const auto space = decoder_.space();
    const ssize_t received = ::recv(socket_.native_handle(), space.data(), space.size(), MSG_DONTWAIT);
    if (received < 0) {
        if (errno == EINTR) return Input::more;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return Input::drained;
        end_ = errno == ECONNRESET ? core::Disconnect::peer_closed : core::Disconnect::io_error;
        return Input::ended;
    }
    if (received == 0) return Input::ended;

    const auto bytes = static_cast<std::size_t>(received);
    decoder_.commit(bytes);
    budget -= std::min(budget, bytes);
    const core::TimePoint time = now();
    const bool completed = decode(time);
    router_.note_input(*peer_, completed, decoder_.partial_bytes(), time);
    return bytes < space.size() ? Input::drained : Input::more;
}

/// Hands every complete frame to the router; whether there was one.
bool Session::decode(core::TimePoint time)
{
    for (bool completed = false;; completed = true) {
        decoder_.limit(router_.frame_bytes_max(*peer_)); // which a frame may change
        const wire::Decoded decoded = decoder_.next();
        if (const auto* frame = std::get_if<wire::Frame>(&decoded)) {
            router_.receive(*peer_, *frame, time);
        } else {
            if (const auto* oversized = std::get_if<wire::Oversized>(&decoded))
                router_.receive_oversized(*peer_, oversized->header, time);
            return completed;
        }
    }
}

bool Session::flush(core::TimePoint time)
{
    if (waits_for_room_) return true;
    std::array<std::string_view, blocks_per_write> blocks;
    for (std::size_t written = 0; !router_.outbox(*peer_).empty() && written < write_budget;) {
        const std::size_t count = router_.outbox(*peer_).gather(blocks);
        const ssize_t taken = write_blocks(socket_.native_handle(), {blocks.data(), count});
        if (taken < 0) return false;
        if (taken == 0) break;
        router_.sent(*peer_, static_cast<std::size_t>(taken), time);
        written += static_cast<std::size_t>(taken);
    }
    if (!router_.outbox(*peer_).empty()) wait_writable();
    return true;
}

void Session::wait_writable()
{
    waits_for_room_ = true;
    socket_.async_wait(Descriptor::wait_write, [self = shared_from_this()](const boost::system::error_code&) {
        if (self->closed_) return;
        self->waits_for_room_ = false;
        if (!self->flush(now())) return self->owner_.lost(*self->peer_, core::Disconnect::peer_closed);
        self->owner_.fed();
    });
}

} // namespace pandora::hub::net
