#include "supervisor/app/hub_serve.hpp"

#include "supervisor/app/http_listener.hpp"
#include "supervisor/app/hub_host.hpp"
#include "supervisor/os/inheritance.hpp"
#include "supervisor/os/listen_sockets.hpp"
#include "supervisor/os/spawn.hpp"

#include <cerrno>
#include <fcntl.h>
#include <iostream>
#include <stdexcept>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace pandora::supervisor::app {

namespace {

constexpr mode_t owner_only = 0600;

/// Nobody to ask: a peer is what the kernel says it is.
class NoSupervisor : public hub::Observer {
public:
    void identify(const hub::Credentials& peer, Identified done) override { done({.credentials = peer}); }

    void published(const hub::Identity&, const std::string&) override {}

    void unpublished(const hub::Identity&, const std::string&) override {}

    void unresponsive(const hub::Identity&, bool, std::chrono::milliseconds) override {}
};

/// Looking at the socket and replacing it cannot be one step; the lock makes two servers that start at once take turns.
os::UniqueFd lock_socket(const std::filesystem::path& socket)
{
    const auto path = socket.string() + ".lock";
    os::UniqueFd lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, owner_only)};
    if (!lock) throw std::system_error{errno, std::generic_category(), "cannot open " + path};
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) throw std::runtime_error{"another hub serves " + socket.string()};
    return lock;
}

} // namespace

int hub_serve(const HubServeOptions& options)
{
    os::mend_inheritance();
    os::raise_descriptor_limit();           // before the hub counts what it may have
    os::check_socket_place(options.socket); // before the lock: nothing of us is to be left behind there
    const auto lock = lock_socket(options.socket);
    auto listener = os::listen_unix(options.socket, owner_only);
    const os::SocketFile file{options.socket};

    boost::asio::io_context io{1};
    NoSupervisor nobody;
    HubHost host{io, "", {.allowed_uids = {0, ::geteuid()}, .owner = ::geteuid()}, nobody};
    if (options.metrics) {
        auto http = listen_for_http({.host = options.metrics->host, .port = options.metrics->port, .named = true});
        std::cout << "metrics on port " << http.port << std::endl;
        host.serve_http(http.fd.release(), [](metrics::Snapshot snapshot, auto done) {
            snapshot.supervisor = metrics::Supervisor::none;
            done(std::move(snapshot));
        });
    }
    host.serve_config({}, {}, [&] {
        host.hub().serve(listener.release());
        std::cout << "hub on " << options.socket.string() << std::endl;
    });
    io.run();
    return 0;
}

} // namespace pandora::supervisor::app
