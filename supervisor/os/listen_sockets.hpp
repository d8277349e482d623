// Listening sockets, bound by the process that outlives their users.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>

namespace pandora::supervisor::os {

/// Binds and listens on an AF_UNIX stream socket of mode `mode`. A socket file that nobody listens on is replaced; a
/// live one, or a file that is no socket, is left alone.
/// Throws std::system_error whose text names the path. The caller holds a lock that keeps a second binder away.
UniqueFd listen_unix(const std::filesystem::path& path, mode_t mode);

/// Removes a socket file that we bound, unless another process has put its own there since.
class SocketFile {
public:
    explicit SocketFile(std::filesystem::path path);
    ~SocketFile();
    SocketFile(const SocketFile&) = delete;
    SocketFile& operator=(const SocketFile&) = delete;

private:
    std::filesystem::path path_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

struct TcpListener {
    UniqueFd fd;
    std::uint16_t port = 0;
};

/// Binds and listens on a numeric IPv4 or IPv6 address (or "localhost"). Port 0 = any free one.
/// nullopt when the address is in use; throws std::system_error for anything else.
std::optional<TcpListener> listen_tcp(const std::string& host, std::uint16_t port);

} // namespace pandora::supervisor::os
