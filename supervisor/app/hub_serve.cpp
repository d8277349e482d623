#include "supervisor/app/hub_serve.hpp"

#include "supervisor/app/http_listener.hpp"
#include "supervisor/app/hub_host.hpp"
#include "supervisor/os/inheritance.hpp"
#include "supervisor/os/listen_sockets.hpp"
#include "supervisor/os/spawn.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <iostream>
#include <stdexcept>
#include <sys/file.h>
#include <sys/un.h>
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

/// What no turn of ours could make a place for a socket: nothing of us, not even the lock, is to be left behind there.
void check_place(const std::filesystem::path& socket)
{
    const auto bytes = socket.native().size();
    constexpr auto bytes_max = sizeof sockaddr_un{}.sun_path - 1;
    if (bytes > bytes_max)
        throw std::runtime_error{"the path of a socket has at most " + std::to_string(bytes_max) +
                                 " bytes, and this one " + std::to_string(bytes) + ": " + socket.string()};
    std::error_code none;
    const auto there = std::filesystem::symlink_status(socket, none);
    if (std::filesystem::exists(there) && !std::filesystem::is_socket(there))
        throw std::runtime_error{socket.string() + " exists and is no socket"};
}

/// Looking at the socket and replacing it cannot be one step; the lock makes two servers that start at once take turns.
os::UniqueFd lock_socket(const std::filesystem::path& socket)
{
    const auto path = socket.string() + ".lock";
    os::UniqueFd lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, owner_only)};
    if (!lock) throw std::system_error{errno, std::generic_category(), "cannot open " + path};
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) throw std::runtime_error{"another hub serves " + socket.string()};
    return lock;
}

procfiles::MetricsSpec parse_address(const std::string& text)
{
    const auto colon = text.rfind(':');
    procfiles::MetricsSpec spec{
        .host = colon == std::string::npos ? "" : text.substr(0, colon), .port = 0, .named = true};
    const auto* first = text.data() + (colon == std::string::npos ? 0 : colon + 1);
    const auto* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(first, last, spec.port);
    if (error != std::errc{} || end != last) throw std::runtime_error{"--metrics " + text + ": expected HOST:PORT"};
    if (spec.host.empty()) spec.host = "127.0.0.1";
    return spec;
}

} // namespace

int hub_serve(const HubServeOptions& options)
{
    os::mend_inheritance();
    os::raise_descriptor_limit(); // before the hub counts what it may have
    check_place(options.socket);
    const auto lock = lock_socket(options.socket);
    auto listener = os::listen_unix(options.socket, owner_only);
    const os::SocketFile file{options.socket};

    boost::asio::io_context io{1};
    NoSupervisor nobody;
    HubHost host{io, "", {.allowed_uids = {0, ::geteuid()}, .owner = ::geteuid()}, nobody};
    if (!options.metrics.empty()) {
        auto http = listen_for_http(parse_address(options.metrics));
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
