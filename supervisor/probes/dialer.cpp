#include "supervisor/probes/dialer.hpp"

#include "supervisor/probes/running.hpp"

#include <boost/asio/connect.hpp>

#include <utility>

namespace pandora::supervisor::probes {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Where nobody listens on a port of the range that outgoing connections are given theirs from, a connection to it may
/// be given just that one, and then TCP connects it to itself.
bool is_connected_to_itself(const tcp::socket& socket)
{
    boost::system::error_code error;
    const auto local = socket.local_endpoint(error);
    const auto remote = socket.remote_endpoint(error);
    return !error && local == remote;
}

} // namespace

void Dialer::dial(const std::string& host, std::uint16_t port, Connected connected)
{
    lookups_.find(host, port, [this, connected = std::move(connected)](Endpoints endpoints, const std::string& why) {
        if (closed_) return;
        if (endpoints.empty()) return connected(why);
        endpoints_ = std::move(endpoints);
        connect(connected);
    });
}

void Dialer::connect(Connected connected)
{
    asio::async_connect(
        socket_, endpoints_,
        [this, connected = std::move(connected)](const boost::system::error_code& error, const tcp::endpoint&) {
            if (closed_) return;
            if (error) return connected(phrase(error));
            connected(is_connected_to_itself(socket_) ? "connection refused" : "");
        });
}

void Dialer::close()
{
    closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
}

} // namespace pandora::supervisor::probes
