#include "supervisor/os/listen_sockets.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>

namespace pandora::supervisor::os {

namespace {

[[noreturn]] void fail(const std::string& what, int error = errno)
{
    throw std::system_error{error, std::generic_category(), what};
}

sockaddr_un unix_address(const std::filesystem::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path)
        fail("socket path " + path.string() + " is longer than " + std::to_string(sizeof address.sun_path - 1) +
                 " bytes",
             ENAMETOOLONG);
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    return address;
}

/// The file is the rest of a dead server: a connection to it is refused.
void remove_stale(const std::filesystem::path& path, const sockaddr_un& address)
{
    struct stat info {};

    if (::lstat(path.c_str(), &info) != 0) return;
    if (!S_ISSOCK(info.st_mode)) fail(path.string() + " exists and is no socket", EEXIST);
    const UniqueFd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN)
        fail("another process listens on " + path.string(), EADDRINUSE);
    if (errno != ECONNREFUSED) fail("cannot tell whether anybody listens on " + path.string());
    ::unlink(path.c_str());
}

struct TcpAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

TcpAddress tcp_address(const std::string& host, std::uint16_t port)
{
    TcpAddress out;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    if (::inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        out.size = sizeof *v4;
    } else if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        out.size = sizeof *v6;
    } else {
        fail("`" + host + "` is not a numeric address", EINVAL);
    }
    return out;
}

std::uint16_t bound_port(int fd)
{
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) fail("getsockname");
    return ntohs(storage.ss_family == AF_INET ? reinterpret_cast<sockaddr_in*>(&storage)->sin_port
                                              : reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port);
}

} // namespace

UniqueFd listen_unix(const std::filesystem::path& path, mode_t mode)
{
    const auto address = unix_address(path);
    remove_stale(path, address);
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) fail("socket");
    ::fchmod(fd.get(), mode); // before bind: the file is never there with a wider mode (unix(7))
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail("cannot bind " + path.string());
    if (::listen(fd.get(), SOMAXCONN) != 0) fail("cannot listen on " + path.string());
    return fd;
}

SocketFile::SocketFile(std::filesystem::path path) : path_{std::move(path)}
{
    struct stat info {};

    if (::lstat(path_.c_str(), &info) != 0) fail(path_.string());
    device_ = info.st_dev;
    inode_ = info.st_ino;
}

SocketFile::~SocketFile()
{
    struct stat info {};

    if (::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_) ::unlink(path_.c_str());
}

std::optional<TcpListener> listen_tcp(const std::string& host, std::uint16_t port)
{
    const auto address = tcp_address(host, port);
    UniqueFd fd{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) fail("socket");
    const int on = 1; // a restart must not wait for TIME_WAIT to pass
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 ||
        ::listen(fd.get(), SOMAXCONN) != 0) {
        if (errno == EADDRINUSE) return std::nullopt;
        fail("cannot listen on " + host + " port " + std::to_string(port));
    }
    const auto actual = bound_port(fd.get());
    return TcpListener{std::move(fd), actual};
}

} // namespace pandora::supervisor::os
