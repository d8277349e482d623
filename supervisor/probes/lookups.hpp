// Host names to addresses, without the loop waiting for a name server.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pandora::supervisor::probes {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/// Addresses and `localhost` are known at once. For any other name each lookup has a thread of its own, which nobody
/// waits for: getaddrinfo(3) cannot be cancelled, may take longer than any probe, and must delay neither the lookups
/// of other probes nor the end of the program (as it would behind Asio's resolver, whose one thread is joined).
class Lookups {
public:
    /// `endpoints` is empty where there are none; `why` says then why not.
    using Found = std::function<void(Endpoints endpoints, const std::string& why)>;

    explicit Lookups(boost::asio::io_context& io) : io_{io} {}

    /// `found` runs once, on the loop; from within this call where the answer is known at once, or there is none.
    /// Who is no longer interested has to know it when it runs.
    void find(const std::string& host, std::uint16_t port, const Found& found);

private:
    boost::asio::io_context& io_;
    std::shared_ptr<std::atomic<int>> under_way_ = std::make_shared<std::atomic<int>>(0); // shared with the threads
};

} // namespace pandora::supervisor::probes
