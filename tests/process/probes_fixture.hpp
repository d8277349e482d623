// A Prober on a loop of its own, and servers on the same loop that behave well and badly.
#pragma once

#include "supervisor/probes/prober.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/run_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <utility>

namespace pandora::supervisor::probes {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using procfiles::Probe;
using tests::support::open_descriptors;

/// Accepts connections on a loopback port and hands each to `serve`.
class TcpServer {
public:
    using Serve = std::function<void(tcp::socket)>;

    TcpServer(boost::asio::io_context& io, Serve serve)
        : acceptor_{io, {boost::asio::ip::address_v4::loopback(), 0}}, serve_{std::move(serve)}
    {
        accept();
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    void accept()
    {
        acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
            if (error) return;
            serve_(std::move(socket));
            accept();
        });
    }

    tcp::acceptor acceptor_;
    Serve serve_;
};

class ProbesTest : public testing::Test {
protected:
    bool run_until(const std::function<bool()>& condition) { return tests::support::run_until(io, condition); }

    Answer ask(const Probe& probe)
    {
        std::optional<Answer> got;
        const auto attempt = prober.start(probe, surroundings, [&](Answer answer) { got = std::move(answer); });
        EXPECT_FALSE(got.has_value()) << "answered from within start()";
        EXPECT_TRUE(run_until([&] { return got.has_value(); }));
        return got.value_or(Answer{false, "no answer"});
    }

    void expect(const Probe& probe, bool passed, const std::string& detail)
    {
        const auto answer = ask(probe);
        EXPECT_EQ(answer.passed, passed) << answer.detail;
        EXPECT_EQ(answer.detail, detail);
    }

    void expect_pass(const Probe& probe, const std::string& detail) { expect(probe, true, detail); }

    void expect_failure(const Probe& probe, const std::string& detail) { expect(probe, false, detail); }

    /// A server that accepts and then says nothing.
    TcpServer silent_server()
    {
        return {io, [this](tcp::socket socket) { held.push_back(std::move(socket)); }};
    }

    /// Nobody listens on it.
    static std::uint16_t free_port()
    {
        boost::asio::io_context none;
        return tcp::acceptor{none, {boost::asio::ip::address_v4::loopback(), 0}}.local_endpoint().port();
    }

    boost::asio::io_context io;
    Prober prober{io};
    Surroundings surroundings;
    std::list<tcp::socket> held;
};

} // namespace pandora::supervisor::probes
