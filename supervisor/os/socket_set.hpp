// The listening sockets of an app. They live as long as the app, so that no connection is refused while a process
// that accepts from them is replaced.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/os/listen_sockets.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pandora::supervisor::os {

/// A borrowed descriptor and what LISTEN_FDNAMES calls it; see sd_listen_fds(3).
struct NamedFd {
    std::string name;
    int fd = -1;
};

/// Waits on listening sockets until it is destroyed; see SocketSet::wait_for_connection. Lives on the loop's thread.
class ConnectionWait {
public:
    ConnectionWait() noexcept;
    ConnectionWait(ConnectionWait&&) noexcept;
    ConnectionWait& operator=(ConnectionWait&&) noexcept;
    ~ConnectionWait();

private:
    friend class SocketSet;
    class Impl;
    explicit ConnectionWait(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

/// Lives on the loop's thread. The descriptors block, as programs that are handed a listener expect: nobody accepts
/// from them here.
class SocketSet {
public:
    /// Binds and listens on every socket.
    /// Throws std::runtime_error, in one line: which socket, which address, and why not. Nothing stays bound then.
    SocketSet(boost::asio::io_context& io, const std::vector<procfiles::Socket>& sockets);
    ~SocketSet();
    SocketSet(const SocketSet&) = delete;
    SocketSet& operator=(const SocketSet&) = delete;

    /// What the `index`-th instance is handed, in the order of `process.sockets`: the one listener of each socket, or,
    /// with reuse_port, a listener of the instance's own, which is made now, and kept for those that come after it in
    /// the same place. Valid until `retire` or the end of the set. The names must be of this set.
    /// Throws std::runtime_error, in one line, where another listener cannot be made.
    std::vector<NamedFd> for_instance(const procfiles::ProcessSpec& process, std::uint32_t index);

    /// This instance will not come back (scaled down, process removed): its own listeners are closed, since the kernel
    /// would go on to hand them connections that nobody accepts. To be called after its end.
    void retire(const std::string& process, std::uint32_t index);

    /// `arrived` runs once on the loop, with the socket's name, when a connection waits on one of these sockets; it may
    /// already be there. The connection is left to whoever is started. Wait again when that one is down again, not
    /// before: until it accepts, the connection would be reported over and over.
    /// Destroying what is returned, which may be done in `arrived`, ends the wait. Throws std::system_error where the
    /// kernel has no descriptor left.
    [[nodiscard]] ConnectionWait wait_for_connection(const std::vector<std::string>& names,
                                                     std::function<void(const std::string& name)> arrived);

    /// Nobody will accept any more: connections are refused, and the files of Unix sockets go. The set has no names
    /// then.
    void close();

    /// Where it listens, for people: "127.0.0.1:8080", "[::]:8080", "/run/shop.sock"; with the port that it really is.
    std::string address(const std::string& name) const;

private:
    using Owner = std::pair<std::string, std::uint32_t>; // process and index

    struct Bound;

    Bound& named(const std::string& name);
    int listener_for(Bound& bound, const Owner& owner);

    boost::asio::io_context& io_;
    std::map<std::string, std::unique_ptr<Bound>> sockets_;
};

} // namespace pandora::supervisor::os
