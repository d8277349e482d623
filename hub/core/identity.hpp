// Who a connection is, as the kernel and the supervisor know it; never as the client says.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace pandora::hub::core {

/// What the kernel says of the other end of a Unix socket (SO_PEERCRED, unix(7)).
struct Credentials {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
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
