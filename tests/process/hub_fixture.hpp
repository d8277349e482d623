// A hub on a loop of the test's own, and clients that write and read frames by hand.
#pragma once

#include "hub/hub.hpp"
#include "hub/wire/frame.hpp"
#include "tests/support/run_until.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace pandora::hub {

struct Recorder : Observer {
    void identify(const Credentials& peer, Identified done) override
    {
        seen.push_back(peer);
        if (answer_at_once)
            done({"shop", "web", 0, peer});
        else
            waiting.push_back(std::move(done));
    }

    void published(const Identity& who, const std::string& object) override
    {
        events.push_back("+" + object + " " + who.process);
    }

    void unpublished(const Identity& who, const std::string& object) override
    {
        events.push_back("-" + object + " " + who.process);
    }

    void unresponsive(const Identity&, bool, std::chrono::milliseconds) override {}

    bool answer_at_once = true;
    std::vector<Credentials> seen;
    std::vector<Identified> waiting;
    std::vector<std::string> events;
};

class HubTest : public ::testing::Test {
protected:
    HubTest() { make_hub({}); }

    ~HubTest() override
    {
        for (const int fd : clients) ::close(fd);
        hub.reset();
        std::filesystem::remove_all(folder);
    }

    void make_hub(Options options)
    {
        hub.reset();
        hub = std::make_unique<Hub>(io, std::move(options), recorder);
        const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ::unlink(address().sun_path);
        const sockaddr_un name = address();
        ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0) << std::strerror(errno);
        ASSERT_EQ(::listen(listener, 128), 0);
        hub->serve(listener);
    }

    sockaddr_un address() const
    {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::strncpy(name.sun_path, (folder + "/hub.sock").c_str(), sizeof name.sun_path - 1);
        return name;
    }

    int connect()
    {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const sockaddr_un name = address();
        EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0) << std::strerror(errno);
        clients.push_back(fd);
        return fd;
    }

    /// Runs the loop until `holds`, for at most half a minute. It may do something: it is not asked again once it
    /// holds.
    template <class Condition>
    bool until(Condition holds)
    {
        return tests::support::run_until(io, std::move(holds));
    }

    /// Writes everything, running the loop while the socket is full. False if the hub has closed it.
    bool write(int fd, const std::string& bytes)
    {
        std::size_t at = 0;
        bool open = true;
        until([&] {
            const ssize_t n = ::send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
            if (n > 0) at += static_cast<std::size_t>(n);
            open = n >= 0 || errno == EAGAIN;
            return at == bytes.size() || !open;
        });
        return open;
    }

    static std::string frame(std::uint32_t id, const std::string& body, std::uint8_t flags = 0)
    {
        const auto header = wire::encode_header({flags, id, static_cast<std::uint32_t>(body.size())});
        return std::string{reinterpret_cast<const char*>(header.data()), header.size()} + body;
    }

    /// The body of the next frame; "" at the end of the stream or when none comes.
    std::string read_frame(int fd)
    {
        const std::string header = read_bytes(fd, wire::header_bytes);
        if (header.size() < wire::header_bytes) return "";
        const auto decoded = wire::decode_header(std::as_bytes(std::span{header}));
        return read_bytes(fd, decoded->body_bytes);
    }

    std::string read_bytes(int fd, std::size_t count)
    {
        std::string out;
        until([&] {
            std::array<char, 65536> part{};
            const ssize_t n = ::recv(fd, part.data(), std::min(part.size(), count - out.size()), 0);
            if (n > 0) out.append(part.data(), static_cast<std::size_t>(n));
            return out.size() == count || n == 0 || (n < 0 && errno != EAGAIN);
        });
        return out;
    }

    bool closed_by_hub(int fd)
    {
        return until([&] {
            char byte = 0;
            const ssize_t n = ::recv(fd, &byte, 1, 0);
            return n == 0 || (n < 0 && errno != EAGAIN);
        });
    }

    void publish(int fd, const std::string& object)
    {
        write(fd, frame(1, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"pid":"1"}}})"));
        write(fd, frame(2, R"({"action":"PANDORA_HUB_ACTION_PUBLISH_UP","data":{"data":{"selector":{"objectName":")" +
                               object + R"("}}}})"));
        ASSERT_THAT(read_frame(fd), ::testing::HasSubstr("true"));
        ASSERT_THAT(read_frame(fd), ::testing::HasSubstr("true"));
    }

    static std::string invoke(const std::string& object, const std::string& more = "")
    {
        return R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":")" + object +
               R"("},"broadcast":false,"needReply":true)" + more + "}}";
    }

    std::uint64_t disconnects(const std::string& reason) const { return count_of(reason, hub->stats().disconnects); }

    std::uint64_t dropped(const std::string& reason) const { return count_of(reason, hub->stats().dropped); }

    static std::uint64_t count_of(const std::string& reason, const std::vector<Counted>& counts)
    {
        for (const Counted& one : counts)
            if (one.label == reason) return one.count;
        ADD_FAILURE() << "no reason " << reason;
        return 0;
    }

    std::string folder = [] {
        std::string name = (std::filesystem::temp_directory_path() / "pandora-hub-XXXXXX").string();
        return std::string{::mkdtemp(name.data())};
    }();
    boost::asio::io_context io{1};
    Recorder recorder;
    std::unique_ptr<Hub> hub;
    std::vector<int> clients;
};

} // namespace pandora::hub
