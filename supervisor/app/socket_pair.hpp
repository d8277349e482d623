// Two connected sockets: the link between the master and its hub process, and the hub's connection to itself.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace pandora::supervisor::app {

inline std::pair<os::UniqueFd, os::UniqueFd> make_socket_pair()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw std::system_error{errno, std::generic_category(), "socketpair"};
    return {os::UniqueFd{ends[0]}, os::UniqueFd{ends[1]}};
}

} // namespace pandora::supervisor::app
