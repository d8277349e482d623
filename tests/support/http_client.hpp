// An HTTP/1.1 client in plain blocking sockets, for tests of servers: it can also send what no client should.
#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::tests::support {

inline sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

struct HttpReply {
    std::string head; // status line and headers
    std::string body;
};

/// One connection to a server on 127.0.0.1. Waits at most half a minute for what must come; throws std::system_error
/// where it cannot connect.
class HttpClient {
public:
    /// `receive_buffer` in bytes; 0 = as the kernel chooses.
    explicit HttpClient(std::uint16_t port, int receive_buffer = 0)
        : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (receive_buffer != 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        const auto address = loopback(port);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::system_error(errno, std::generic_category(), "connect");
    }

    HttpClient(HttpClient&& other) noexcept : fd_{std::exchange(other.fd_, -1)}, unread_{std::move(other.unread_)} {}

    HttpClient& operator=(HttpClient&&) = delete;

    ~HttpClient()
    {
        if (fd_ >= 0) ::close(fd_);
    }

    /// False once the server has closed the connection.
    bool send(std::string_view text)
    {
        while (!text.empty()) {
            const auto sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    /// Asks, and does not wait for the answer.
    void get(const std::string& path) { send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"); }

    /// The next one, `has_body` unless the request was HEAD; nullopt when the connection ends first or
    /// nothing comes.
    std::optional<HttpReply> reply(bool has_body = true)
    {
        std::size_t head_end = 0;
        while ((head_end = unread_.find("\r\n\r\n")) == std::string::npos)
            if (!receive()) return std::nullopt;
        HttpReply reply{unread_.substr(0, head_end), ""};
        unread_.erase(0, head_end + 4);
        const auto length = reply.head.find("Content-Length: ");
        if (!has_body || length == std::string::npos) return reply;
        const auto bytes = std::stoul(reply.head.substr(length + 16));
        while (unread_.size() < bytes)
            if (!receive()) return std::nullopt;
        reply.body = unread_.substr(0, bytes);
        unread_.erase(0, bytes);
        return reply;
    }

    /// get() and reply().
    std::optional<HttpReply> ask(const std::string& path)
    {
        get(path);
        return reply();
    }

    /// Whether the server ends the connection, after whatever it still sends, within our patience.
    bool is_closed_by_server()
    {
        while (receive()) unread_.clear();
        return errno != EAGAIN;
    }

    /// The same, but in order: a reset would count as a fault, as it can destroy what we have not read yet.
    bool is_closed_in_order() { return is_closed_by_server() && errno == 0; }

    /// Of what has been received, all has been taken by reply().
    bool has_nothing_more() const { return unread_.empty(); }

private:
    static constexpr timeval patience{.tv_sec = 30, .tv_usec = 0};

    bool receive()
    {
        char buffer[4096];
        errno = 0;
        const auto bytes = ::recv(fd_, buffer, sizeof buffer, 0);
        if (bytes <= 0) return false;
        unread_.append(buffer, static_cast<std::size_t>(bytes));
        return true;
    }

    int fd_;
    std::string unread_;
};

} // namespace pandora::tests::support
