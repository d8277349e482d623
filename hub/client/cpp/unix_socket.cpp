#include "hub/client/cpp/unix_socket.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace pandora::hub::client {

boost::system::result<int> connect_unix(const std::string& path)
{
    const auto failure = [](int number) { return boost::system::error_code{number, boost::system::system_category()}; };
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) return failure(path.empty() ? ENOENT : ENAMETOOLONG);
    std::memcpy(address.sun_path, path.data(), path.size());

    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return failure(errno);
    // Asio's connect would wait on EAGAIN as on EINPROGRESS and then report success; on a Unix socket it is an answer:
    // the listener's backlog is full.
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    const int number = errno;
    ::close(fd);
    return failure(number);
}

} // namespace pandora::hub::client
