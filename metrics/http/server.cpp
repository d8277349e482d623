#include "metrics/http/server.hpp"

#include "metrics/http/host_check.hpp"
#include "metrics/http/mailbox.hpp"
#include "metrics/http/session.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace pandora::metrics::http {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int accepts_per_turn = 16;                   // then the clients we have get their turn
constexpr std::chrono::milliseconds accept_pause{100}; // when descriptors or memory are short

int socket_option(int fd, int option)
{
    int value = 0;
    socklen_t bytes = sizeof value;
    if (::getsockopt(fd, SOL_SOCKET, option, &value, &bytes) != 0) return -1;
    return value;
}

/// Takes ownership of `fd`, also when it throws.
tcp::acceptor adopt_listener(asio::io_context& io, int fd)
{
    const int domain = socket_option(fd, SO_DOMAIN);
    const bool is_tcp = socket_option(fd, SO_PROTOCOL) == IPPROTO_TCP && (domain == AF_INET || domain == AF_INET6);
    boost::system::error_code error = asio::error::invalid_argument;
    tcp::acceptor acceptor{io};
    if (is_tcp && socket_option(fd, SO_ACCEPTCONN) == 1)
        acceptor.assign(domain == AF_INET ? tcp::v4() : tcp::v6(), fd, error);
    if (error) {
        ::close(fd);
        throw std::system_error(error.value(), std::generic_category(), "http: cannot serve on this descriptor");
    }
    ::fcntl(fd, F_SETFD, FD_CLOEXEC); // it may have been inherited, which is how it is meant to end
    acceptor.native_non_blocking(true);
    return acceptor;
}

/// Blocks all signals on this thread while it lives. A thread started meanwhile never takes one: they are for
/// the thread that waits for them.
class SignalsBlocked {
public:
    SignalsBlocked()
    {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }

    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_{};
};

enum class Accepting : std::uint8_t { one_more, none_waiting, out_of_resources };

/// What an error of accept(2) means for the next one. Linux also reports errors of the connection that was to
/// be accepted, which say nothing of the one behind it.
Accepting after_error(int error)
{
    switch (error) {
    case EAGAIN: return Accepting::none_waiting;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return Accepting::out_of_resources;
    default: return Accepting::one_more;
    }
}

} // namespace

class Server::Impl {
public:
    Impl(int listener_fd, Handler handler, Limits limits)
        : service_{.handler = std::move(handler), .limits = limits, .mailbox = std::make_shared<Mailbox>(io_)},
          acceptor_{adopt_listener(io_, listener_fd)}, pause_{io_}
    {
        service_.hosts = host_rule(acceptor_.local_endpoint().address());
        wait_for_clients();
        const SignalsBlocked blocked;
        thread_ = std::thread{[this] {
            pthread_setname_np(pthread_self(), "http");
            io_.run();
        }};
    }

    ~Impl()
    {
        service_.mailbox->close();
        io_.stop();
        thread_.join();
    }

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

private:
    void wait_for_clients()
    {
        acceptor_.async_wait(tcp::acceptor::wait_read, [this](const boost::system::error_code& error) {
            if (!error) accept_waiting();
        });
    }

    void accept_waiting()
    {
        auto next = Accepting::one_more;
        for (int i = 0; i < accepts_per_turn && next == Accepting::one_more; ++i) next = accept_one();
        if (next != Accepting::out_of_resources) return wait_for_clients();

        pause_.expires_after(accept_pause);
        pause_.async_wait([this](const boost::system::error_code& error) {
            if (!error) wait_for_clients();
        });
    }

    Accepting accept_one()
    {
        // Not async_accept: its sockets are not close-on-exec.
        const int fd = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return after_error(errno);

        boost::system::error_code error;
        tcp::socket socket{io_};
        socket.assign(acceptor_.local_endpoint().protocol(), fd, error);
        if (error) {
            ::close(fd);
            return Accepting::out_of_resources;
        }
        socket.set_option(tcp::no_delay{true}, error); // only slower without it
        if (sessions_.size() < service_.limits.connections_max || make_room()) open(std::move(socket));
        return Accepting::one_more;
    }

    void open(tcp::socket socket)
    {
        const auto closed = [this](const Session& session) {
            std::erase_if(sessions_, [&](const auto& each) { return each.get() == &session; });
        };
        sessions_.push_back(std::make_shared<Session>(std::move(socket), service_, closed));
        sessions_.back()->start();
    }

    /// Closes the connection whose client has let us wait longest; false if all wait for the handler instead,
    /// which has its own deadline.
    bool make_room()
    {
        // No value comes before any value, so a session that waits for the handler is never the smallest by
        // mistake.
        const auto longer = [](const auto& left, const auto& right) {
            const auto now = Session::Clock::now();
            return left->waiting_since().value_or(now) < right->waiting_since().value_or(now);
        };
        const auto slowest = std::min_element(sessions_.begin(), sessions_.end(), longer);
        if (slowest == sessions_.end() || !(*slowest)->waiting_since()) return false;
        (*slowest)->close();
        sessions_.erase(slowest);
        return true;
    }

    Service service_; // before io_: the operations that io_ drops at its end hold the last sessions
    asio::io_context io_{1};
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    std::vector<std::shared_ptr<Session>> sessions_; // the open ones
    std::thread thread_;
};

Server::Server(int listener_fd, Handler handler, Limits limits)
    : impl_{std::make_unique<Impl>(listener_fd, std::move(handler), limits)}
{}

Server::~Server() = default;

} // namespace pandora::metrics::http
