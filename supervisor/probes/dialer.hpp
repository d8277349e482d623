// Finds a host and connects to it.
#pragma once

#include "supervisor/probes/lookups.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace pandora::supervisor::probes {

/// A member of an attempt, which `connected` keeps alive. Lives on the loop's thread.
class Dialer {
public:
    /// `trouble` is empty where there is a connection, else why there is none.
    using Connected = std::function<void(const std::string& trouble)>;

    Dialer(boost::asio::io_context& io, Lookups& lookups) : lookups_{lookups}, socket_{io} {}

    /// Tries the addresses of `host` one after the other. Once. After close() nothing is called.
    void dial(const std::string& host, std::uint16_t port, Connected connected);

    boost::asio::ip::tcp::socket& socket() { return socket_; }

    void close();

private:
    void connect(Connected connected);

    Lookups& lookups_; // used by dial() alone: it may be gone after that
    boost::asio::ip::tcp::socket socket_;
    Endpoints endpoints_;
    bool closed_ = false;
};

} // namespace pandora::supervisor::probes
