// What clients may do to the hub's edge: floods, half sentences, processes that end.
#include "tests/process/hub_fixture.hpp"
#include "tests/support/descriptors.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>

namespace pandora::hub {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using tests::support::open_descriptors;

class HubEdge : public HubTest {
protected:
    void expect_served(int fd)
    {
        ASSERT_TRUE(write(fd, frame(9, invoke("nobody"))));
        EXPECT_THAT(read_frame(fd), HasSubstr("Cannot found any clients"));
    }
};

// ---- who comes

/// A process that connects and then only waits.
class Visitor {
public:
    explicit Visitor(const sockaddr_un& name)
    {
        EXPECT_EQ(::pipe2(told_.data(), O_CLOEXEC), 0);
        pid = ::fork();
        if (pid != 0) return;
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) ::_exit(1);
        if (::write(told_[1], "c", 1) != 1) ::_exit(1);
        for (;;) ::pause();
    }

    ~Visitor()
    {
        end();
        for (const int fd : told_) ::close(fd);
    }

    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;

    void wait_connected() const
    {
        char byte = 0;
        ASSERT_EQ(::read(told_[0], &byte, 1), 1);
    }

    /// Ends it, and leaves the zombie to end().
    void kill() const
    {
        ::kill(pid, SIGKILL);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
    }

    void end()
    {
        if (pid <= 0) return;
        ::kill(pid, SIGKILL);
        ::waitpid(std::exchange(pid, -1), nullptr, 0);
    }

    pid_t pid = -1;

private:
    std::array<int, 2> told_{-1, -1};
};

TEST_F(HubEdge, WhoHasEndedBeforeItWasSaidWhoItIsIsAStranger)
{
    recorder.answer_at_once = false;
    Visitor visitor{address()};
    ASSERT_TRUE(until([&] { return !recorder.waiting.empty(); }));
    const Credentials peer = recorder.seen[0];
    EXPECT_EQ(peer.pid, visitor.pid);
    if (!peer.pidfd) GTEST_SKIP() << "the kernel has no SO_PEERPIDFD";
    visitor.end();
    recorder.waiting[0]({"shop", "web", 3, peer}); // of whoever has the number now
    ASSERT_EQ(hub->routes().size(), 1U);
    EXPECT_EQ(hub->routes()[0].identity.process, "");
    EXPECT_EQ(hub->routes()[0].identity.app, "");
}

TEST_F(HubEdge, WhoHasEndedButStillHasItsNumberIsItself)
{
    recorder.answer_at_once = false;
    Visitor visitor{address()};
    ASSERT_TRUE(until([&] { return !recorder.waiting.empty(); }));
    visitor.kill();
    recorder.waiting[0]({"shop", "web", 3, recorder.seen[0]});
    ASSERT_EQ(hub->routes().size(), 1U);
    EXPECT_EQ(hub->routes()[0].identity.process, "web");
}

TEST_F(HubEdge, WhoHadEndedBeforeItWasAcceptedIsAStranger)
{
    recorder.answer_at_once = false;
    Visitor visitor{address()};
    visitor.wait_connected(); // in the kernel's backlog, for the loop does not run
    visitor.end();
    ASSERT_TRUE(until([&] { return !recorder.waiting.empty(); }));
    const Credentials peer = recorder.seen[0];
    if (peer.pid == 0) return; // nobody can be found by that number
    if (!peer.pidfd) GTEST_SKIP() << "the kernel has no SO_PEERPIDFD";
    recorder.waiting[0]({"shop", "web", 3, peer});
    ASSERT_EQ(hub->routes().size(), 1U);
    EXPECT_EQ(hub->routes()[0].identity.process, "");
}

TEST_F(HubEdge, AConnectionTakesOneDescriptorOnceItIsIdentified)
{
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 10; ++i) expect_served(connect());
    recorder.seen.clear(); // the test's own copies of the pidfds
    EXPECT_EQ(open_descriptors(), before + 20) << "one at each end";
}

// ---- too many

/// Lets the process have no descriptor more than it has, and gives them back at the end.
class NoDescriptorsLeft {
public:
    NoDescriptorsLeft()
    {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        int free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        const rlimit now{static_cast<rlim_t>(free) + 10, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &now);
        for (; free >= 0; free = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) taken_.push_back(free);
    }

    ~NoDescriptorsLeft()
    {
        for (const int fd : taken_) ::close(fd);
        ::setrlimit(RLIMIT_NOFILE, &before_);
    }

    NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
    NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;

private:
    rlimit before_{};
    std::vector<int> taken_;
};

TEST_F(HubEdge, OutOfDescriptorsANewcomerLearnsItAtOnceAndWhoIsThereIsServed)
{
    const int there = connect();
    expect_served(there);
    const int newcomer = connect(); // in the backlog until the loop runs
    {
        const NoDescriptorsLeft none;
        EXPECT_TRUE(closed_by_hub(newcomer));
        EXPECT_EQ(disconnects("out_of_descriptors"), 1U);
        expect_served(there);
    }
    expect_served(connect());
}

TEST_F(HubEdge, OutOfDescriptorsTheHubPausesLongerAndLonger)
{
    for (int i = 0; i < 40; ++i) connect();
    const NoDescriptorsLeft none;
    ASSERT_TRUE(until([&] { return disconnects("out_of_descriptors") == 2; }));
    io.run_for(150ms);
    EXPECT_LE(disconnects("out_of_descriptors"), 6U) << "after 10, 20, 40, 80, 160 ms";
}

TEST_F(HubEdge, AProcessMayHaveAThousandConnectionsAndNoMore)
{
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    if (descriptors.rlim_max < 3000) GTEST_SKIP() << "the machine allows too few descriptors";
    descriptors.rlim_cur = descriptors.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &descriptors);
    make_hub({});
    int last = -1;
    for (std::size_t i = 0; i < 1024; ++i) {
        last = connect();
        if (i % 64 == 0) io.poll();
        recorder.seen.clear();
    }
    expect_served(last);
    ASSERT_EQ(hub->stats().connections, 1024U);
    EXPECT_TRUE(closed_by_hub(connect()));
    EXPECT_EQ(disconnects("too_many_of_process"), 1U);

    ::shutdown(last, SHUT_RDWR);
    ASSERT_TRUE(until([&] { return hub->stats().connections == 1023; }));
    expect_served(connect());
}

TEST_F(HubEdge, AFloodOfConnectionsIsTurnedAwayAndWhoIsThereIsServed)
{
    const int there = connect();
    expect_served(there);
    for (int i = 0; i < 40'000 && disconnects("too_fast") < 100; ++i) {
        ::close(connect());
        clients.pop_back();
        recorder.seen.clear();
        io.poll();
    }
    EXPECT_GE(disconnects("too_fast"), 100U);
    EXPECT_GE(hub->stats().connections_total, 4096U) << "so many at once are no flood";
    expect_served(there);
    ASSERT_TRUE(until([&] { // it pays its debt by waiting
        const int later = connect();
        write(later, frame(1, invoke("nobody")));
        return !read_frame(later).empty();
    }));
}

// ---- half sentences

TEST_F(HubEdge, FlagsOfAClientThatHasNotNegotiatedMeanNothing)
{
    const int client = connect();
    for (int flags = 0; flags <= 0xFF; ++flags) {
        ASSERT_TRUE(write(client, frame(9, invoke("nobody"), static_cast<std::uint8_t>(flags))));
        const std::string header = read_bytes(client, wire::header_bytes);
        const auto answer = wire::decode_header(std::as_bytes(std::span{header}));
        ASSERT_TRUE(answer) << flags;
        EXPECT_EQ(answer->flags, 0);
        EXPECT_THAT(read_bytes(client, answer->body_bytes), HasSubstr("Cannot found any clients")) << flags;
    }
}

TEST_F(HubEdge, AFrameThatTricklesInIsServedAndHoldsUpNobody)
{
    const int slow = connect(), other = connect();
    const std::string bytes = frame(7, invoke("nobody"));
    for (const char byte : bytes) {
        ASSERT_TRUE(write(slow, std::string(1, byte)));
        io.poll();
    }
    EXPECT_THAT(read_frame(slow), HasSubstr("Cannot found any clients"));
    ASSERT_TRUE(write(slow, bytes.substr(0, 20)));
    expect_served(other);
}

TEST_F(HubEdge, AnAnnouncedLengthCostsNothing)
{
    const auto resident_kib = [] {
        std::ifstream statm{"/proc/self/statm"};
        std::size_t size = 0, resident = 0;
        statm >> size >> resident;
        return resident * 4;
    };
    const std::size_t before = resident_kib();
    for (int i = 0; i < 200; ++i) {
        const int client = connect();
        io.poll();
        const auto header = wire::encode_header({0, 1, 1024 * 1024}); // the most before ONLINE_UP
        ASSERT_TRUE(write(client, std::string{reinterpret_cast<const char*>(header.data()), header.size()} + "x"));
    }
    expect_served(connect());
    EXPECT_LT(resident_kib() - before, 30U * 1024) << "200 MiB were announced";
}

TEST_F(HubEdge, WhoIsNotOnlineMaySendOnlySmallFrames)
{
    for (const auto& [bytes, served] : {std::pair{1024 * 1024, true}, std::pair{1024 * 1024 + 1, false}}) {
        const int client = connect();
        const std::string head = invoke("nobody");
        const std::string body = head + std::string(static_cast<std::size_t>(bytes) - head.size(), ' ');
        write(client, frame(1, body));
        EXPECT_THAT(read_frame(client), HasSubstr(served ? "Cannot found any clients" : "PandoraTooLargeError"));
        if (!served) {
            EXPECT_TRUE(closed_by_hub(client));
        }
    }
    EXPECT_EQ(disconnects("frame_too_large"), 1U);
}

TEST_F(HubEdge, FramesOfNoLengthAreProbesAndAnsweredByNothing)
{
    const int client = connect();
    std::string probes;
    for (std::uint32_t i = 1; i <= 1000; ++i) probes += frame(i, "");
    ASSERT_TRUE(write(client, probes));
    expect_served(client);
    EXPECT_EQ(hub->stats().frames_sent, 1U);
    EXPECT_EQ(hub->stats().frames_received, 1001U);
}

TEST_F(HubEdge, WhoHasStoppedReadingForGoodIsLetGoWithTheFirstFrameForIt)
{
    const int callee = connect(), caller = connect();
    publish(callee, "o");
    ASSERT_EQ(::shutdown(callee, SHUT_RD), 0); // it never closes; only a write can tell (EPIPE)
    ASSERT_TRUE(write(caller, frame(7, invoke("o"))));
    EXPECT_THAT(read_frame(caller), HasSubstr("PandoraPeerGoneError"));
    EXPECT_EQ(disconnects("peer_closed"), 1U);
}

} // namespace
} // namespace pandora::hub
