#include "hub/client/cpp/connection.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace pandora::hub::client {

using boost::system::error_code;

namespace {

// Pieces of one sendmsg. A choice: far below IOV_MAX (1024), and more gains little when each is up to 64 KiB.
constexpr std::size_t pieces_max = 64;

// Reads in a row before others on this thread get their turn. A choice.
constexpr int reads_max = 16;

// Descriptors of one read: SCM_MAX_FD, the most that one message can carry, so that none is ever cut off.
constexpr std::size_t descriptors_of_read_max = 253;

std::string text_of_errno(int number) { return std::generic_category().message(number); }

std::vector<OwnedFd> descriptors_of(msghdr& message)
{
    std::vector<OwnedFd> descriptors;
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            descriptors.emplace_back(fd);
        }
    }
    return descriptors;
}

/// `room` is aligned for, and has room for, one descriptor.
void attach(const OwnedFd& fd, std::span<std::byte> room, msghdr& message)
{
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    cmsghdr* const part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    const int number = fd.get();
    std::memcpy(CMSG_DATA(part), &number, sizeof number);
}

} // namespace

Connection::Connection(boost::asio::io_context& io, int connected_fd, Handlers handlers)
    : socket_{io, boost::asio::local::stream_protocol{}, connected_fd}, handlers_{std::move(handlers)}
{}

void Connection::start() { await_read(); }

void Connection::await_read()
{
    socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code error) {
        if (self->closed_) return;
        if (error) return self->end(error.message());
        self->read();
    });
}

void Connection::read()
{
    const auto alive = shared_from_this(); // a handler may drop the owner
    for (int i = 0; i < reads_max; ++i) {
        const Progress progress = read_once();
        if (closed_) return;
        if (progress == Progress::blocked) break;
    }
    await_read();
}

/// `blocked`: there is nothing more to read at the moment.
Connection::Progress Connection::read_once()
{
    const std::span<std::byte> space = handlers_.space();
    iovec piece{space.data(), space.size()};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(descriptors_of_read_max * sizeof(int))> ancillary;
    msghdr message{};
    ssize_t bytes = -1;
    do {
        message = {};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = ancillary.data();
        message.msg_controllen = ancillary.size();
        bytes = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (bytes < 0 && errno == EINTR);
    if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Progress::blocked;
    if (bytes <= 0) {
        end(bytes == 0 ? "the hub closed the connection" : text_of_errno(errno));
        return Progress::ended;
    }
    auto descriptors = descriptors_of(message);
    if (message.msg_flags & MSG_CTRUNC) { // the others would belong to the wrong frames from now on
        end("descriptors were lost: this process has too many open");
        return Progress::ended;
    }
    const auto count = static_cast<std::size_t>(bytes);
    bytes_read_ += count;
    // A read that brings descriptors stops behind them, however much more there is.
    const bool drained = count < space.size() &&
                         message.msg_controllen == 0; // another read would only say so; the next wait sees what comes
    handlers_.received(count, std::move(descriptors));
    return drained ? Progress::blocked : Progress::done;
}

bool Connection::write(std::vector<Chunk> chunks)
{
    assert(!is_writing());
    std::ranges::move(chunks, std::back_inserter(chunks_));
    const bool done = flush();
    if (!done) await_write();
    return done;
}

void Connection::await_write()
{
    socket_.async_wait(Socket::wait_write, [self = shared_from_this()](error_code error) {
        if (self->closed_) return;
        if (error) return self->end(error.message());
        if (!self->flush()) return self->await_write();
        self->handlers_.written();
    });
}

/// False: the kernel takes no more at the moment. A write that fails ends nothing by itself: what the peer said before
/// it went is still to be read, and the end comes behind it.
bool Connection::flush()
{
    while (!chunks_.empty()) {
        std::array<iovec, pieces_max> pieces;
        std::size_t count = 0;
        std::size_t offset = chunk_offset_;
        for (const Chunk& chunk : chunks_) {
            // A descriptor belongs to the first byte of its message.
            if (count == pieces.size() || (chunk.fd && count > 0)) break;
            const std::string_view bytes = chunk.bytes.text().substr(offset);
            pieces[count++] = {const_cast<char*>(bytes.data()), bytes.size()}; // which sendmsg() only reads
            offset = 0;
        }
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = count;
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> ancillary;
        if (const auto& fd = chunks_.front().fd; fd && chunk_offset_ == 0) client::attach(*fd, ancillary, message);
        const ssize_t bytes = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (bytes >= 0) {
            drop_written(static_cast<std::size_t>(bytes));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return false;
        } else if (errno != EINTR) {
            ::shutdown(socket_.native_handle(), SHUT_RDWR);
            chunks_.clear();
            chunk_offset_ = 0;
        }
    }
    return true;
}

void Connection::drop_written(std::size_t bytes)
{
    bytes_written_ += bytes;
    while (bytes > 0) {
        const std::size_t left = chunks_.front().bytes.text().size() - chunk_offset_;
        if (bytes < left) {
            chunk_offset_ += bytes;
            return;
        }
        bytes -= left;
        chunk_offset_ = 0;
        chunks_.pop_front();
    }
}

void Connection::end(const std::string& reason)
{
    close();
    handlers_.ended(reason);
}

void Connection::close()
{
    closed_ = true;
    error_code ignored;
    socket_.close(ignored);
}

} // namespace pandora::hub::client
