// What this process has open, and how it gives it to others.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <span>
#include <string_view>
#include <sys/socket.h>

namespace pandora::tests::support {

/// All of this process, with the one that counts them.
inline std::size_t open_descriptors()
{
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Writes `bytes` at once, with descriptors (at most 253, as the kernel has it) on the first. False: not all were
/// taken.
[[nodiscard]] inline bool send_fds(int socket, std::string_view bytes, std::span<const int> fds)
{
    constexpr std::size_t fds_max = 253; // SCM_MAX_FD
    assert(fds.size() <= fds_max);
    iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(fds_max * sizeof(int))> ancillary{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        message.msg_control = ancillary.data();
        message.msg_controllen = CMSG_SPACE(fds.size_bytes());
        cmsghdr* const part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(part), fds.data(), fds.size_bytes());
    }
    return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

} // namespace pandora::tests::support
