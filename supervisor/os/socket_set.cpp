#include "supervisor/os/socket_set.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <cassert>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <sys/epoll.h>
#include <system_error>
#include <utility>
#include <variant>

namespace pandora::supervisor::os {

namespace asio = boost::asio;
using procfiles::Socket;
using procfiles::TcpAddress;
using procfiles::UnixAddress;

namespace {

[[noreturn]] void fail(const Socket& socket, const std::string& why)
{
    throw std::runtime_error{"socket `" + socket.name + "`: " + why};
}

/// As ss(8) writes them.
std::string to_text(const TcpAddress& address)
{
    const auto port = ":" + std::to_string(address.port);
    if (address.host.empty()) return "*" + port;
    return (address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]") + port;
}

[[noreturn]] void fail_system(const char* what) { throw std::system_error{errno, std::generic_category(), what}; }

} // namespace

/// An epoll set of its own between the listeners and the loop. In the loop's own set they would stay edge-triggered and
/// wake it at each connection that a worker accepts; and Asio would make the shared listeners non-blocking.
class ConnectionWait::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& io, std::function<void(const std::string&)> arrived)
        : ready_{io, make_epoll()}, arrived_{std::move(arrived)}
    {}

    void add(const std::string& name, int listener)
    {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = names_.size();
        if (::epoll_ctl(ready_.native_handle(), EPOLL_CTL_ADD, listener, &event) != 0) fail_system("epoll_ctl");
        names_.push_back(name);
    }

    void wait()
    {
        ready_.async_wait(asio::posix::descriptor_base::wait_read,
                          [weak = weak_from_this()](const boost::system::error_code& error) {
                              if (error) return;
                              if (const auto self = weak.lock()) self->readable();
                          });
    }

private:
    static int make_epoll()
    {
        const int fd = ::epoll_create1(EPOLL_CLOEXEC);
        if (fd < 0) fail_system("epoll_create1");
        return fd;
    }

    void readable()
    {
        epoll_event event{};
        if (::epoll_wait(ready_.native_handle(), &event, 1, 0) != 1) return wait(); // somebody else has accepted it
        ready_.close(); // the connection stays where it is, and must not be told again
        const auto arrived = std::exchange(arrived_, nullptr);
        arrived(names_[event.data.u64]);
    }

    asio::posix::stream_descriptor ready_;
    std::vector<std::string> names_;
    std::function<void(const std::string&)> arrived_;
};

ConnectionWait::ConnectionWait() noexcept = default;
ConnectionWait::ConnectionWait(ConnectionWait&&) noexcept = default;
ConnectionWait& ConnectionWait::operator=(ConnectionWait&&) noexcept = default;
ConnectionWait::~ConnectionWait() = default;

ConnectionWait::ConnectionWait(std::shared_ptr<Impl> impl) : impl_{std::move(impl)} {}

struct SocketSet::Bound {
    Socket spec;                     // with the port that it really is
    UniqueFd shared;                 // with reuse_port: free for the first instance that asks
    std::map<Owner, UniqueFd> owned; // of reuse_port
    std::optional<SocketFile> file;

    explicit Bound(const Socket& socket) : spec{socket}
    {
        if (auto* tcp = std::get_if<TcpAddress>(&spec.address)) {
            auto listener = listen(*tcp);
            tcp->port = listener.port;
            shared = std::move(listener.fd);
        } else {
            listen(std::get<UnixAddress>(spec.address));
        }
    }

    TcpListener listen(const TcpAddress& address) const
    {
        const TcpOptions options{spec.backlog, spec.reuse_port, Blocking::yes};
        std::optional<TcpListener> listener;
        try {
            listener = listen_tcp(address.host, address.port, options);
        } catch (const std::system_error& error) {
            fail(spec, "cannot listen on " + to_text(address) + ": " + error.code().message());
        }
        if (!listener) fail(spec, "cannot listen on " + to_text(address) + ": another process does");
        return std::move(*listener);
    }

    void listen(const UnixAddress& address)
    {
        if (spec.reuse_port) fail(spec, "reuse_port is for TCP, not for " + address.path.string());
        try {
            shared = listen_unix(address.path, static_cast<mode_t>(address.mode), spec.backlog, Blocking::yes);
            file.emplace(address.path);
        } catch (const std::system_error& error) {
            fail(spec, error.what());
        }
    }
};

SocketSet::SocketSet(asio::io_context& io, const std::vector<Socket>& sockets) : io_{io}
{
    for (const auto& socket : sockets) sockets_.emplace(socket.name, std::make_unique<Bound>(socket));
}

SocketSet::~SocketSet() = default;

SocketSet::Bound& SocketSet::named(const std::string& name)
{
    const auto found = sockets_.find(name);
    assert(found != sockets_.end());
    return *found->second;
}

int SocketSet::listener_for(Bound& bound, const Owner& owner)
{
    if (!bound.spec.reuse_port) return bound.shared.get();
    auto own = bound.owned.find(owner);
    if (own == bound.owned.end()) {
        auto fd = bound.shared ? std::move(bound.shared) : bound.listen(std::get<TcpAddress>(bound.spec.address)).fd;
        own = bound.owned.emplace(owner, std::move(fd)).first;
    }
    return own->second.get();
}

std::vector<NamedFd> SocketSet::for_instance(const procfiles::ProcessSpec& process, std::uint32_t index)
{
    std::vector<NamedFd> handed;
    for (const auto& name : process.sockets)
        handed.push_back({name, listener_for(named(name), Owner{process.name, index})});
    return handed;
}

void SocketSet::retire(const std::string& process, std::uint32_t index)
{
    for (auto& [name, bound] : sockets_) {
        const auto own = bound->owned.find(Owner{process, index});
        if (own == bound->owned.end()) continue;
        // The last one stays: where nobody runs, connections wait for somebody, as with any other socket.
        if (bound->owned.size() == 1 && !bound->shared) bound->shared = std::move(own->second);
        bound->owned.erase(own);
    }
}

ConnectionWait SocketSet::wait_for_connection(const std::vector<std::string>& names,
                                              std::function<void(const std::string&)> arrived)
{
    auto impl = std::make_shared<ConnectionWait::Impl>(io_, std::move(arrived));
    for (const auto& name : names) {
        const auto& bound = named(name);
        if (bound.shared) impl->add(name, bound.shared.get());
        for (const auto& [owner, listener] : bound.owned) impl->add(name, listener.get());
    }
    impl->wait();
    return ConnectionWait{std::move(impl)};
}

void SocketSet::close() { sockets_.clear(); }

std::string SocketSet::address(const std::string& name) const
{
    const auto& address = sockets_.at(name)->spec.address;
    if (const auto* tcp = std::get_if<TcpAddress>(&address)) return to_text(*tcp);
    return std::get<UnixAddress>(address).path.string();
}

} // namespace pandora::supervisor::os
