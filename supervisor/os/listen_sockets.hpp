// Listening sockets, bound by the process that outlives their users.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/types.h>

namespace pandora::supervisor::os {

/// How many connections may wait to be accepted; the kernel takes net.core.somaxconn where that is less.
inline constexpr int default_backlog = SOMAXCONN;

/// Whether accept(2) waits for a connection. Processes that share a listener share this, too.
enum class Blocking : bool { no, yes };

/// Throws std::system_error, whose text names the path, where nobody could bind a socket, whoever listens on it now:
/// the path is too long, or a file that is no socket is there.
void check_socket_place(const std::filesystem::path& path);

/// Binds and listens on an AF_UNIX stream socket whose file has exactly this mode, whatever the umask. A socket file
/// that nobody listens on is replaced; a live one, or a file that is no socket, is left alone.
/// Throws std::system_error whose text names the path. The caller holds a lock that keeps a second binder away.
UniqueFd listen_unix(const std::filesystem::path& path, mode_t mode, int backlog = default_backlog,
                     Blocking blocking = Blocking::no);

/// Removes a socket file that we bound, unless another process has put its own there since.
class SocketFile {
public:
    explicit SocketFile(std::filesystem::path path);
    ~SocketFile();
    SocketFile(const SocketFile&) = delete;
    SocketFile& operator=(const SocketFile&) = delete;

    /// Its name leads to it: neither was it removed, nor has another taken its place.
    bool is_there() const;

private:
    std::filesystem::path path_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

struct TcpListener {
    UniqueFd fd;
    std::uint16_t port = 0;
};

struct TcpOptions {
    int backlog = default_backlog;
    bool reuse_port = false; // others that say so, of the same user, may bind the same address
    Blocking blocking = Blocking::no;
};

/// Binds and listens on a numeric address: IPv4, IPv6 (only that, whatever the machine's default), "localhost"
/// (127.0.0.1), or "" (every address, of both; IPv4 alone on a machine without IPv6). Port 0 = any free one.
/// nullopt when the address is in use; throws std::system_error for anything else.
std::optional<TcpListener> listen_tcp(const std::string& host, std::uint16_t port, const TcpOptions& options = {});

} // namespace pandora::supervisor::os
