// Writing to a descriptor that others share, without ever waiting for its reader.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pandora::supervisor::logs {

/// Pipes and terminals are opened anew, so that they can be non-blocking for us alone; the flag itself belongs to
/// everyone who has the descriptor. Files never make a writer wait, sockets take the wish with each call.
class NeverWaiting {
public:
    /// `fd` is borrowed and its flags are left alone.
    explicit NeverWaiting(int fd);

    struct Written {
        enum class What : std::uint8_t { some, no_room, gone } what{};
        std::size_t bytes = 0; // of `some`
    };

    /// `gone`: nobody will ever read it (or the disk is full); what is left should be given up.
    Written write(std::string_view text) const;

    /// So many bytes are written all at once or not at all; of more, some may be.
    std::size_t whole_bytes_max() const;

    /// What was written and its reader has not taken yet, as far as the kernel tells.
    std::size_t unread_bytes() const;

    /// For epoll; what cannot be polled never says `no_room`.
    int descriptor() const { return fd_.get(); }

private:
    enum class Kind : std::uint8_t { own, socket, file, shared };

    os::UniqueFd fd_;
    Kind kind_ = Kind::shared;
};

} // namespace pandora::supervisor::logs
