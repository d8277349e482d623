// The app's listeners against the real kernel.
#include "supervisor/os/socket_set.hpp"
#include "tests/support/run_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/un.h>

namespace pandora::supervisor::os {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using procfiles::ProcessSpec;
using procfiles::Socket;
using procfiles::TcpAddress;
using procfiles::UnixAddress;
using testing::ElementsAre;
using testing::MatchesRegex;

Socket tcp(const std::string& name, const std::string& host, std::uint16_t port = 0)
{
    return {.name = name, .address = TcpAddress{host, port}};
}

Socket own_listeners(const std::string& name)
{
    return {.name = name, .address = TcpAddress{"127.0.0.1", 0}, .reuse_port = true};
}

ProcessSpec process(const std::string& name, std::vector<std::string> sockets)
{
    ProcessSpec spec;
    spec.name = name;
    spec.sockets = std::move(sockets);
    return spec;
}

/// A connection to where a set says it listens; none if it is refused.
UniqueFd connect_v4(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
    return fd;
}

UniqueFd connect_v6(std::uint16_t port)
{
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    address.sin6_addr = in6addr_loopback;
    UniqueFd fd{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
    return fd;
}

UniqueFd connect_unix(const fs::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
    return fd;
}

std::uint16_t port_of(const SocketSet& set, const std::string& name)
{
    const auto text = set.address(name);
    return static_cast<std::uint16_t>(std::stoul(text.substr(text.rfind(':') + 1)));
}

bool somebody_waits(int listener)
{
    pollfd entry{listener, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
}

bool blocks(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0; }

bool has_ipv6()
{
    try {
        return listen_tcp("::1", 0).has_value();
    } catch (const std::system_error&) {
        return false;
    }
}

class SocketsTest : public testing::Test {
protected:
    SocketsTest()
    {
        char name[] = "/tmp/pandora-sockets-XXXXXX";
        folder_ = ::mkdtemp(name);
    }

    ~SocketsTest() override { fs::remove_all(folder_); }

    SocketsTest(const SocketsTest&) = delete;
    SocketsTest& operator=(const SocketsTest&) = delete;

    Socket unix_socket(const std::string& name, unsigned mode = 0600) const
    {
        return {.name = name, .address = UnixAddress{folder_ / (name + ".sock"), mode}};
    }

    std::string error_of(const std::vector<Socket>& sockets)
    {
        try {
            const SocketSet set{io_, sockets};
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "no error";
    }

    template <class Condition>
    bool run_until(Condition condition)
    {
        return tests::support::run_until(io_, std::move(condition));
    }

    /// Runs what is ready now. Returns how much it was.
    std::size_t run_ready()
    {
        io_.restart();
        return io_.poll();
    }

    boost::asio::io_context io_;
    fs::path folder_;
};

TEST_F(SocketsTest, ListensOnWhatTheProcfileNames)
{
    SocketSet set{io_, {tcp("http", "127.0.0.1"), tcp("name", "localhost"), unix_socket("api")}};
    EXPECT_THAT(set.address("http"), MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]*"));
    EXPECT_EQ(set.address("api"), (folder_ / "api.sock").string());
    EXPECT_TRUE(connect_v4(port_of(set, "http")));
    EXPECT_TRUE(connect_v4(port_of(set, "name")));
    EXPECT_TRUE(connect_unix(folder_ / "api.sock"));
}

TEST_F(SocketsTest, AnEmptyHostIsEveryAddressOfBothKinds)
{
    SocketSet set{io_, {tcp("any", "")}};
    EXPECT_THAT(set.address("any"), MatchesRegex("\\*:[1-9][0-9]*"));
    EXPECT_TRUE(connect_v4(port_of(set, "any")));
    if (has_ipv6()) {
        EXPECT_TRUE(connect_v6(port_of(set, "any")));
    }
}

TEST_F(SocketsTest, AnIpv6AddressIsThatAlone)
{
    if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
    SocketSet set{io_, {tcp("six", "::")}};
    EXPECT_THAT(set.address("six"), MatchesRegex("\\[::\\]:[1-9][0-9]*"));
    EXPECT_TRUE(connect_v6(port_of(set, "six")));
    EXPECT_FALSE(connect_v4(port_of(set, "six")));
}

TEST_F(SocketsTest, HandsOutTheListenersByNameInTheOrderOfTheProcess)
{
    SocketSet set{io_, {tcp("a", "127.0.0.1"), unix_socket("b"), tcp("c", "127.0.0.1")}};
    const auto handed = set.for_instance(process("web", {"c", "b"}), 0);
    ASSERT_EQ(handed.size(), 2U);
    EXPECT_EQ(handed[0].name, "c");
    EXPECT_EQ(handed[1].name, "b");
    const auto client = connect_unix(folder_ / "b.sock");
    EXPECT_FALSE(somebody_waits(handed[0].fd));
    EXPECT_TRUE(somebody_waits(handed[1].fd));
}

TEST_F(SocketsTest, TheListenersBlockAndDoNotLeakIntoChildren)
{
    SocketSet set{io_, {tcp("a", "127.0.0.1"), unix_socket("b")}};
    for (const auto& [name, fd] : set.for_instance(process("web", {"a", "b"}), 0)) {
        EXPECT_TRUE(blocks(fd)) << name;
        EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC) << name;
    }
}

TEST_F(SocketsTest, TheBacklogIsTheOneOfTheProcfile)
{
    auto socket = tcp("a", "127.0.0.1");
    socket.backlog = 7;
    SocketSet set{io_, {socket}};
    tcp_info info{};
    socklen_t size = sizeof info;
    const int fd = set.for_instance(process("web", {"a"}), 0).at(0).fd;
    ASSERT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    EXPECT_EQ(info.tcpi_sacked, 7U); // of a listener: its backlog (see sock_diag(7))
}

TEST_F(SocketsTest, ATakenAddressIsOneLineAndNothingStaysBound)
{
    SocketSet first{io_, {tcp("a", "127.0.0.1")}};
    const auto taken = port_of(first, "a");
    const auto free = listen_tcp("127.0.0.1", 0)->port;
    EXPECT_EQ(error_of({tcp("x", "127.0.0.1", free), unix_socket("y"), tcp("z", "127.0.0.1", taken)}),
              "socket `z`: cannot listen on 127.0.0.1:" + std::to_string(taken) + ": another process does");
    EXPECT_TRUE(listen_tcp("127.0.0.1", free));
    EXPECT_FALSE(fs::exists(folder_ / "y.sock"));
}

TEST_F(SocketsTest, SaysWhichAddressCannotBeBoundAndWhy)
{
    EXPECT_EQ(error_of({tcp("a", "192.0.2.1", 80)}), // TEST-NET-1: nobody has it
              "socket `a`: cannot listen on 192.0.2.1:80: Cannot assign requested address");
    EXPECT_EQ(error_of({tcp("a", "example.com", 80)}), "socket `a`: cannot listen on example.com:80: Invalid argument");
    const auto missing = folder_ / "no" / "a.sock";
    EXPECT_EQ(error_of({{.name = "a", .address = UnixAddress{missing}}}),
              "socket `a`: cannot bind " + missing.string() + ": No such file or directory");
    EXPECT_THAT(error_of({{.name = "a", .address = UnixAddress{folder_ / std::string(100, 'x')}}}),
                testing::EndsWith("is longer than 107 bytes: File name too long"));
}

TEST_F(SocketsTest, AUnixSocketHasItsModeWhateverTheUmask)
{
    const auto umask_before = ::umask(0077);
    const SocketSet set{io_, {unix_socket("all", 0666), unix_socket("own", 0600), unix_socket("group", 0660)}};
    ::umask(umask_before);
    const auto mode = [&](const char* name) { return static_cast<unsigned>(fs::status(folder_ / name).permissions()); };
    EXPECT_EQ(mode("all.sock"), 0666U);
    EXPECT_EQ(mode("own.sock"), 0600U);
    EXPECT_EQ(mode("group.sock"), 0660U);
}

TEST_F(SocketsTest, ASocketFileGoesWithTheSetUnlessSomebodyElsePutTheirsThere)
{
    const auto path = folder_ / "api.sock";
    {
        const SocketSet set{io_, {unix_socket("api")}};
        EXPECT_TRUE(fs::exists(path));
    }
    EXPECT_FALSE(fs::exists(path));
    {
        const SocketSet set{io_, {unix_socket("api")}};
        fs::remove(path);
        std::ofstream{path} << "theirs";
    }
    EXPECT_TRUE(fs::exists(path));
}

TEST_F(SocketsTest, AClosedSetRefusesConnectionsAndItsFilesAreGone)
{
    SocketSet set{io_, {tcp("a", "127.0.0.1"), own_listeners("b"), unix_socket("api")}};
    set.for_instance(process("web", {"a", "b"}), 0);
    const auto wait =
        set.wait_for_connection({"a", "b", "api"}, [](const std::string& name) { ADD_FAILURE() << name; });
    const auto shared = port_of(set, "a");
    const auto own = port_of(set, "b");
    set.close();
    EXPECT_FALSE(connect_v4(shared));
    EXPECT_FALSE(connect_v4(own));
    EXPECT_FALSE(fs::exists(folder_ / "api.sock"));
    run_ready();
}

TEST_F(SocketsTest, ADeadServersFileIsReplacedALivingOneStays)
{
    const auto path = folder_ / "api.sock";
    {
        const auto dead = listen_unix(path, 0600);
    }
    ASSERT_TRUE(fs::exists(path));
    const SocketSet set{io_, {unix_socket("api")}};
    EXPECT_EQ(error_of({unix_socket("api")}),
              "socket `api`: another process listens on " + path.string() + ": Address already in use");
    EXPECT_TRUE(connect_unix(path));
}

TEST_F(SocketsTest, ReplicasShareOneListener)
{
    SocketSet set{io_, {tcp("a", "127.0.0.1")}};
    const auto web = process("web", {"a"});
    EXPECT_EQ(set.for_instance(web, 0).at(0).fd, set.for_instance(web, 1).at(0).fd);
    set.retire("web", 1);
    EXPECT_TRUE(connect_v4(port_of(set, "a")));
}

TEST_F(SocketsTest, WithReusePortEachReplicaHasItsOwnAndKeepsIt)
{
    SocketSet set{io_, {own_listeners("a")}};
    const auto web = process("web", {"a"});
    const int first = set.for_instance(web, 0).at(0).fd;
    const int second = set.for_instance(web, 1).at(0).fd;
    EXPECT_NE(first, second);
    EXPECT_EQ(set.for_instance(web, 0).at(0).fd, first) << "its successor's, too";
    // 64 connections that all go to one of two come once in 2^63 times.
    for (int i = 0; i < 64; ++i) EXPECT_TRUE(connect_v4(port_of(set, "a")));
    EXPECT_TRUE(somebody_waits(first));
    EXPECT_TRUE(somebody_waits(second));
}

TEST_F(SocketsTest, NobodysListenerGetsNoConnections)
{
    SocketSet set{io_, {own_listeners("a")}};
    const auto web = process("web", {"a"});
    const int first = set.for_instance(web, 0).at(0).fd; // the one that was bound at the start
    for (std::uint32_t index = 1; index < 4; ++index) set.for_instance(web, index);
    for (std::uint32_t index = 1; index < 4; ++index) set.retire("web", index);
    for (int i = 0; i < 32; ++i) {
        ASSERT_TRUE(connect_v4(port_of(set, "a")));
        ASSERT_TRUE(somebody_waits(first)) << i;
        const UniqueFd accepted{::accept4(first, nullptr, nullptr, SOCK_CLOEXEC)};
    }
}

TEST_F(SocketsTest, ConnectionsWaitWhereTheLastReplicaIsGone)
{
    SocketSet set{io_, {own_listeners("a")}};
    const auto web = process("web", {"a"});
    set.for_instance(web, 0);
    set.for_instance(web, 1);
    set.retire("web", 0);
    set.retire("web", 1);
    const auto client = connect_v4(port_of(set, "a"));
    EXPECT_TRUE(client);
    EXPECT_TRUE(somebody_waits(set.for_instance(web, 5).at(0).fd));
}

TEST_F(SocketsTest, ReusePortIsForTcp)
{
    auto socket = unix_socket("a");
    socket.reuse_port = true;
    EXPECT_EQ(error_of({socket}), "socket `a`: reuse_port is for TCP, not for " + (folder_ / "a.sock").string());
}

TEST_F(SocketsTest, AConnectionIsToldOnceAndLeftToWhoeverIsStarted)
{
    SocketSet set{io_, {tcp("a", "127.0.0.1"), unix_socket("b")}};
    std::vector<std::string> told;
    const auto wait = set.wait_for_connection({"a", "b"}, [&](const std::string& name) { told.push_back(name); });
    run_ready();
    EXPECT_TRUE(told.empty());

    const auto client = connect_unix(folder_ / "b.sock");
    ASSERT_TRUE(run_until([&] { return !told.empty(); }));
    const auto more = connect_v4(port_of(set, "a"));
    EXPECT_EQ(run_ready(), 0U) << "while nobody accepts, the loop sleeps";
    EXPECT_THAT(told, ElementsAre("b"));

    const auto listeners = set.for_instance(process("web", {"a", "b"}), 0);
    EXPECT_TRUE(somebody_waits(listeners[0].fd));
    EXPECT_TRUE(somebody_waits(listeners[1].fd));
    EXPECT_TRUE(blocks(listeners[1].fd)) << "waiting must not change what the workers share";
}

TEST_F(SocketsTest, AConnectionThatIsThereAlreadyIsTold)
{
    SocketSet set{io_, {tcp("a", "127.0.0.1")}};
    const auto client = connect_v4(port_of(set, "a"));
    int told = 0;
    auto wait = set.wait_for_connection({"a"}, [&](const std::string&) { ++told; });
    ASSERT_TRUE(run_until([&] { return told == 1; }));
    wait = set.wait_for_connection({"a"}, [&](const std::string&) { ++told; });
    ASSERT_TRUE(run_until([&] { return told == 2; })) << "armed again, it is told again";
}

TEST_F(SocketsTest, AWaitThatIsDroppedTellsNothing)
{
    SocketSet set{io_, {tcp("a", "127.0.0.1")}};
    int told = 0;
    auto wait = set.wait_for_connection({"a"}, [&](const std::string&) { ++told; });
    run_ready();
    const auto client = connect_v4(port_of(set, "a"));
    wait = {};
    run_ready();
    EXPECT_EQ(told, 0);
}

TEST_F(SocketsTest, AWaitMayBeReplacedWhileItTells)
{
    SocketSet set{io_, {tcp("a", "127.0.0.1")}};
    int told = 0;
    ConnectionWait wait;
    std::function<void(const std::string&)> again = [&](const std::string&) {
        if (++told < 3) wait = set.wait_for_connection({"a"}, again);
    };
    wait = set.wait_for_connection({"a"}, again);
    const auto client = connect_v4(port_of(set, "a"));
    EXPECT_TRUE(run_until([&] { return told == 3; }));
}

TEST_F(SocketsTest, TwoProcessesMayWaitForOneSocket)
{
    SocketSet set{io_, {tcp("a", "127.0.0.1")}};
    int first = 0;
    int second = 0;
    const auto one = set.wait_for_connection({"a"}, [&](const std::string&) { ++first; });
    const auto two = set.wait_for_connection({"a"}, [&](const std::string&) { ++second; });
    const auto client = connect_v4(port_of(set, "a"));
    EXPECT_TRUE(run_until([&] { return first == 1 && second == 1; }));
}

TEST_F(SocketsTest, WaitsOnEveryListenerOfReusePort)
{
    SocketSet set{io_, {own_listeners("a")}};
    const auto web = process("web", {"a"});
    set.for_instance(web, 0);
    set.for_instance(web, 1);
    for (int i = 0; i < 16; ++i) {
        int told = 0;
        const auto wait = set.wait_for_connection({"a"}, [&](const std::string&) { ++told; });
        const auto client = connect_v4(port_of(set, "a")); // to either
        ASSERT_TRUE(run_until([&] { return told == 1; }));
        for (const std::uint32_t index : {0U, 1U})
            if (const int fd = set.for_instance(web, index).at(0).fd; somebody_waits(fd))
                const UniqueFd accepted{::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC)};
    }
}

} // namespace
} // namespace pandora::supervisor::os
