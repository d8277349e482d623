#include "hub/net/fd_passing.hpp"

#include "hub/net/fd_queue.hpp"
#include "hub/wire/native.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace pandora::hub::net {

namespace {

/// Aligned for the kernel's headers (cmsg(3)).
template <std::size_t fds>
struct ControlBuffer {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(fds * sizeof(int))> bytes;
};

Received read_message(int socket, msghdr& message)
{
    for (;;) {
        const ssize_t bytes = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (bytes > 0)
            return {Received::Kind::bytes, static_cast<std::size_t>(bytes), (message.msg_flags & MSG_CTRUNC) != 0};
        if (bytes == 0 || errno == ECONNRESET) return {Received::Kind::end}; // reset: it left something unread
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {Received::Kind::nothing};
        if (errno != EINTR) return {Received::Kind::failed};
    }
}

/// Owns each of them before anything else is decided.
void take_fds(msghdr& message, std::vector<core::Fd>& into)
{
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(header) + i * sizeof descriptor, sizeof descriptor);
            into.push_back(own(descriptor));
        }
    }
}

void put_fds(msghdr& message, std::span<const core::Fd> fds)
{
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    for (std::size_t i = 0; i < fds.size(); ++i)
        std::memcpy(CMSG_DATA(header) + i * sizeof(int), fds[i].get(), sizeof(int));
}

Written send_message(int socket, const msghdr& message)
{
    for (;;) {
        const ssize_t bytes = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (bytes >= 0) return {Written::Kind::bytes, static_cast<std::size_t>(bytes)};
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {Written::Kind::no_room};
        if (errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS) return {Written::Kind::later};
        if (errno != EINTR) return {Written::Kind::failed};
    }
}

} // namespace

core::Fd own(int descriptor)
{
    const auto close_it = [](const int* held) {
        ::close(*held);
        delete held;
    };
    return {new int{descriptor}, close_it};
}

Received receive(int socket, std::span<std::byte> space)
{
    iovec part{space.data(), space.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    return read_message(socket, message);
}

Received receive(int socket, std::span<std::byte> space, std::size_t fds_max, std::vector<core::Fd>& fds)
{
    ControlBuffer<FdQueue::size_max> control; // not initialised: the kernel says how much of it it wrote
    iovec part{space.data(), space.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    // Not CMSG_SPACE: the kernel would put one more into the padding of an odd number.
    message.msg_controllen = CMSG_LEN(std::min(fds_max, FdQueue::size_max) * sizeof(int));
    const Received received = read_message(socket, message);
    if (received.kind == Received::Kind::bytes && message.msg_controllen > 0) take_fds(message, fds);
    return received;
}

Written write(int socket, std::span<const std::string_view> blocks, std::span<const core::Fd> fds)
{
    assert(blocks.size() <= blocks_per_write && fds.size() <= wire::fds_max);
    std::array<iovec, blocks_per_write> vectors;
    for (std::size_t i = 0; i < blocks.size(); ++i)
        vectors[i] = {const_cast<char*>(blocks[i].data()), blocks[i].size()};
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = blocks.size();
    if (fds.empty()) return send_message(socket, message);

    ControlBuffer<wire::fds_max> control{};
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    put_fds(message, fds);
    return send_message(socket, message);
}

} // namespace pandora::hub::net
