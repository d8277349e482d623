// Bytes and the descriptors that ride on them, in and out of a Unix socket (SCM_RIGHTS, unix(7)).
//
// The kernel ties descriptors to the first byte of what is written at once. Who reads gets them with a read that may
// begin with older bytes, but does not go beyond what they came with. So a reader cannot tell from the read alone to
// which frame descriptors belong: frames say how many they want, and take them in the order in which they came.
#pragma once

#include "hub/core/fd.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace pandora::hub::net {

/// Takes the open descriptor over: closed with the last holder.
core::Fd own(int descriptor);

struct Received {
    enum class Kind { bytes, nothing, end, failed } kind = Kind::nothing; // nothing: for now; end: the peer has gone
    std::size_t bytes = 0;
    bool fds_refused = false; // descriptors came that were not taken; the kernel has closed them
};

/// Reads what there is, without waiting. Descriptors that come with it are not let into this process.
Received receive(int socket, std::span<std::byte> space);

/// The same, and appends the descriptors that come, close-on-exec, to `fds`: at most `fds_max`, the rest is refused, as
/// is what this process has no room for.
Received receive(int socket, std::span<std::byte> space, std::size_t fds_max, std::vector<core::Fd>& fds);

struct Written {
    /// no_room: wait until the socket is writable. later: the kernel is short of something else, which the socket does
    /// not tell the end of: memory, or too many descriptors of this user are on their way (unix(7), ETOOMANYREFS).
    enum class Kind { bytes, no_room, later, failed } kind = Kind::no_room;
    std::size_t bytes = 0;
};

/// The most that one write() takes of each. A block is up to 64 KiB, a socket buffer about 200 KiB.
inline constexpr std::size_t blocks_per_write = 32;

/// One gathered write without waiting, with `fds` on its first byte: if anything is written, they are, too.
Written write(int socket, std::span<const std::string_view> blocks, std::span<const core::Fd> fds);

} // namespace pandora::hub::net
