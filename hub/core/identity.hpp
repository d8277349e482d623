// Who a connection is, as the kernel and the supervisor know it; never as the client says.
#pragma once

#include "hub/core/fd.hpp"

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace pandora::hub::core {

/// What the kernel says of the other end of a Unix socket (SO_PEERCRED, SO_PEERPIDFD, unix(7)).
struct Credentials {
    pid_t pid = 0; // 0: of a pid namespace that we cannot see into, or the process had ended before we looked
    uid_t uid = 0;
    gid_t gid = 0;
    Fd pidfd = nullptr; // of the same process, until it has been identified; none where the kernel has no such thing
};

/// The verified identity of one connection. `process` is empty where no supervised process stands behind the
/// pid.
struct Identity {
    std::string app;
    std::string process;
    std::uint32_t instance = 0;
    Credentials credentials;
};

} // namespace pandora::hub::core
