#include "supervisor/os/listen_sockets.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
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

/// Whether a socket is there already; whatever else is there fails.
bool has_socket(const std::filesystem::path& path)
{
    struct stat info {};

    if (::lstat(path.c_str(), &info) != 0) return false;
    if (!S_ISSOCK(info.st_mode)) fail(path.string() + " exists and is no socket", EEXIST);
    return true;
}

/// The file is the rest of a dead server: a connection to it is refused.
void remove_stale(const std::filesystem::path& path, const sockaddr_un& address)
{
    if (!has_socket(path)) return;
    const UniqueFd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN)
        fail("another process listens on " + path.string(), EADDRINUSE);
    if (errno != ECONNREFUSED) fail("cannot tell whether anybody listens on " + path.string());
    ::unlink(path.c_str());
}

/// Through the file itself: by its name, another could have taken its place in a folder that others may write to.
void set_mode(const std::filesystem::path& path, mode_t mode)
{
    const UniqueFd file{::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};

    struct stat info {};

    if (!file || ::fstat(file.get(), &info) != 0) fail("cannot open " + path.string());
    if (!S_ISSOCK(info.st_mode)) fail(path.string() + " is no socket any more", EEXIST);
    const auto name = "/proc/self/fd/" + std::to_string(file.get());
    if (::chmod(name.c_str(), mode) != 0) fail("cannot change the mode of " + path.string());
}

struct TcpAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

TcpAddress any_address(sa_family_t family, std::uint16_t port)
{
    TcpAddress out;
    out.storage.ss_family = family;
    if (family == AF_INET6) {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
        v6->sin6_port = htons(port); // the address is zero: in6addr_any
        out.size = sizeof *v6;
    } else {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
        v4->sin_port = htons(port); // INADDR_ANY
        out.size = sizeof *v4;
    }
    return out;
}

TcpAddress tcp_address(const std::string& host, std::uint16_t port)
{
    auto out = any_address(AF_INET, port);
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    if (::inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host.c_str(), &v4->sin_addr) == 1) return out;
    out = any_address(AF_INET6, port);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) return out;
    fail("`" + host + "` is not a numeric address", EINVAL);
}

std::uint16_t bound_port(int fd)
{
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) fail("getsockname");
    return ntohs(storage.ss_family == AF_INET ? reinterpret_cast<sockaddr_in*>(&storage)->sin_port
                                              : reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port);
}

UniqueFd stream_socket(int family, Blocking blocking)
{
    const int mode = blocking == Blocking::yes ? 0 : SOCK_NONBLOCK;
    return UniqueFd{::socket(family, SOCK_STREAM | SOCK_CLOEXEC | mode, 0)};
}

void switch_option(const UniqueFd& fd, int level, int name, bool value)
{
    const int number = value ? 1 : 0;
    if (::setsockopt(fd.get(), level, name, &number, sizeof number) != 0) fail("setsockopt");
}

/// nullopt when the address is in use.
std::optional<TcpListener> listen_on(const TcpAddress& address, const std::string& host, const TcpOptions& options)
{
    auto fd = stream_socket(address.storage.ss_family, options.blocking);
    if (!fd) fail("cannot make a socket for `" + host + "`");
    switch_option(fd, SOL_SOCKET, SO_REUSEADDR, true); // a restart must not wait for TIME_WAIT to pass
    if (options.reuse_port) switch_option(fd, SOL_SOCKET, SO_REUSEPORT, true);
    // Said either way: the default is the machine's to choose (net.ipv6.bindv6only).
    if (address.storage.ss_family == AF_INET6) switch_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !host.empty());
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 ||
        ::listen(fd.get(), options.backlog) != 0) {
        if (errno == EADDRINUSE) return std::nullopt;
        fail("cannot listen on `" + host + "`");
    }
    const auto port = bound_port(fd.get());
    return TcpListener{std::move(fd), port};
}

} // namespace

void check_socket_place(const std::filesystem::path& path)
{
    unix_address(path);
    has_socket(path);
}

UniqueFd listen_unix(const std::filesystem::path& path, mode_t mode, int backlog, Blocking blocking)
{
    const auto address = unix_address(path);
    remove_stale(path, address);
    auto fd = stream_socket(AF_UNIX, blocking);
    if (!fd) fail("socket");
    ::fchmod(fd.get(), mode); // before bind: the file is never there with a wider mode (unix(7))
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail("cannot bind " + path.string());
    set_mode(path, mode); // bind takes the umask's bits away
    if (::listen(fd.get(), backlog) != 0) fail("cannot listen on " + path.string());
    return fd;
}

SocketFile::SocketFile(std::filesystem::path path) : path_{std::move(path)}
{
    struct stat info {};

    if (::lstat(path_.c_str(), &info) != 0) fail(path_.string());
    device_ = info.st_dev;
    inode_ = info.st_ino;
}

bool SocketFile::is_there() const
{
    struct stat info {};

    return ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
}

SocketFile::~SocketFile()
{
    if (is_there()) ::unlink(path_.c_str());
}

std::optional<TcpListener> listen_tcp(const std::string& host, std::uint16_t port, const TcpOptions& options)
{
    if (!host.empty()) return listen_on(tcp_address(host, port), host, options);
    try {
        return listen_on(any_address(AF_INET6, port), host, options);
    } catch (const std::system_error& error) { // IPv6 is not built in, or switched off (disable_ipv6)
        if (error.code().value() != EAFNOSUPPORT && error.code().value() != EADDRNOTAVAIL) throw;
        return listen_on(any_address(AF_INET, port), host, options);
    }
}

} // namespace pandora::supervisor::os
