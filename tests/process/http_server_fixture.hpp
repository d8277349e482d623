// A real Server on a loopback port of its own, with a handler for each kind of behaviour.
#pragma once

#include "metrics/http/server.hpp"
#include "tests/support/http_client.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <utility>
#include <vector>

namespace pandora::metrics::http {

using Client = tests::support::HttpClient;

struct Listener {
    int fd = -1; // for a Server to own
    std::uint16_t port = 0;
};

inline Listener listen_on_loopback()
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = tests::support::loopback(0);
    socklen_t bytes = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd, generic, bytes) != 0 || ::listen(fd, 128) != 0 || ::getsockname(fd, generic, &bytes) != 0)
        throw std::system_error(errno, std::generic_category(), "listen");
    return {fd, ntohs(address.sin_port)};
}

/// Holds what a handler was given until the test, on its own thread, does something with it.
class Desk {
public:
    void put(Respond respond)
    {
        const std::lock_guard lock{mutex_};
        waiting_.push_back(std::move(respond));
        changed_.notify_one();
    }

    Respond take()
    {
        std::unique_lock lock{mutex_};
        if (!changed_.wait_for(lock, std::chrono::seconds{30}, [&] { return !waiting_.empty(); }))
            throw std::runtime_error("no request came");
        auto respond = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
        return respond;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Respond> waiting_;
};

/// Of the body of `/large`: more than the kernel's buffers take off the server's hands.
inline constexpr std::size_t large_bytes = 32 * 1024 * 1024;

/// A server with short deadlines and a handler for each kind of behaviour.
class HttpServer : public testing::Test {
protected:
    void start(Limits limits = {})
    {
        const auto listener = listen_on_loopback();
        port = listener.port;
        server.emplace(
            listener.fd, [this](const Request& request, Respond respond) { handle(request, respond); }, limits);
    }

    void handle(const Request& request, const Respond& respond)
    {
        if (request.path == "/later") return desk.put(respond);
        if (request.path == "/throws") throw std::runtime_error("no");
        if (request.path == "/large") return respond(plain_text(200, std::string(large_bytes, 'x')));
        if (request.path == "/made") return respond({200, "text/plain", [] { return thread_name(); }});
        if (request.path == "/made-badly")
            return respond({200, "text/plain", []() -> std::string { throw std::runtime_error("no"); }});
        respond(plain_text(200, request.method + " " + request.path + " " + request.body));
    }

    static std::string thread_name()
    {
        char name[16] = "";
        pthread_getname_np(pthread_self(), name, sizeof name);
        return name;
    }

    std::uint16_t port = 0;
    Desk desk;
    std::optional<Server> server; // after desk: its thread ends first
};

} // namespace pandora::metrics::http
