// Probes by command and by connection, on real processes and sockets: each answers in time and leaves nothing behind.
#include "supervisor/os/orphans.hpp"
#include "supervisor/os/process_tree.hpp"
#include "tests/process/probes_fixture.hpp"

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace pandora::supervisor::probes {
namespace {

namespace fs = std::filesystem;
using procfiles::ExecProbe;
using procfiles::TcpProbe;
using procfiles::UnixProbe;
using testing::AnyOf;
using testing::StartsWith;

class ExecProbesTest : public ProbesTest {
protected:
    ExecProbesTest()
    {
        auto pattern = (fs::temp_directory_path() / "pandora-probes-XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
        surroundings.command = [this](const procfiles::ShellCommand& command, const fs::path& in) {
            os::SpawnRequest request;
            request.argv = {command.shell.program, command.shell.argument, command.text};
            request.environment = {"PATH=/usr/bin:/bin"};
            request.working_directory = in.empty() ? folder : in;
            return request;
        };
    }

    ~ExecProbesTest() override { fs::remove_all(folder); }

    static Probe shell(const std::string& text, std::chrono::milliseconds timeout = 20s)
    {
        return {.action = ExecProbe{.command = {.text = text}}, .timeout = timeout};
    }

    /// What the command wrote as `echo $$ > pid`: the number of its process group, too.
    pid_t group() const
    {
        pid_t pid = 0;
        std::ifstream{folder / "pid"} >> pid;
        return pid;
    }

    fs::path folder;
};

TEST_F(ExecProbesTest, AnExitCodeOfZeroPasses)
{
    expect_pass(shell("exit 0"), "exit 0");
    expect_pass(shell("echo accepting connections"), "exit 0: accepting connections");
}

TEST_F(ExecProbesTest, AFailureIsToldWithTheFirstLineOfTheOutput)
{
    expect_failure(shell("exit 3"), "exit 3");
    expect_failure(shell("echo; echo no such table; echo more; exit 3"), "exit 3: no such table");
    expect_failure(shell("echo broken >&2; exit 1"), "exit 1: broken");
    expect_failure(shell("printf unfinished; kill -SEGV $$"), "killed by SIGSEGV: unfinished");
    EXPECT_THAT(ask(shell("no-such-program")).detail, StartsWith("exit 127: "));
}

TEST_F(ExecProbesTest, WhatCannotBeStartedIsAFailure)
{
    expect_failure({.action = ExecProbe{.command = {.text = "x", .shell = {.program = "/no/shell"}}}},
                   "cannot execute /no/shell: No such file or directory");
    surroundings.command = [](const auto&, const auto&) -> os::SpawnRequest {
        throw std::system_error{ENOMEM, std::generic_category(), "no room"};
    };
    expect_failure(shell("exit 0"), "no room: Cannot allocate memory");
}

TEST_F(ExecProbesTest, RunsWhereItIsTold)
{
    expect_pass(shell("pwd"), "exit 0: " + folder.string());
    expect_pass({.action = ExecProbe{.command = {.text = "pwd"}, .working_dir = "/"}, .timeout = 20s}, "exit 0: /");
}

/// More than a pipe holds: were it not read, the command would wait for ever.
TEST_F(ExecProbesTest, MuchOutputIsReadAndDropped) { expect_pass(shell("echo first; seq 300000"), "exit 0: first"); }

TEST_F(ExecProbesTest, ATimeoutKillsTheWholeGroupEvenOneThatIgnoresTerm)
{
    expect_failure(shell("trap '' TERM; echo $$ > pid.new; mv pid.new pid; sleep 1000 & sleep 1000; wait", 3s),
                   "timed out after 3 s"); // by when the shell has begun
    ASSERT_GT(group(), 0);
    EXPECT_TRUE(run_until([&] { return !os::group_runs(group()); }));
}

TEST_F(ExecProbesTest, WhatACommandLeavesBehindIsEndedWithIt)
{
    expect_pass(shell("echo $$ > pid; echo up; sleep 1000 & exit 0"), "exit 0: up"); // it has the pipe, too
    EXPECT_TRUE(run_until([&] { return !os::group_runs(group()); }));
}

TEST_F(ExecProbesTest, DestroyingAnAttemptKillsItsCommandAndThereIsNoAnswer)
{
    bool answered = false;
    {
        const auto attempt = prober.start(shell("echo $$ > pid.new; mv pid.new pid; sleep 1000"), surroundings,
                                          [&](const Answer&) { answered = true; });
        ASSERT_TRUE(run_until([&] { return group() > 0; }));
    }
    EXPECT_TRUE(run_until([&] { return !os::group_runs(group()); }));
    io.restart();
    io.run_for(10s);
    EXPECT_TRUE(io.stopped()) << "something is still waited for";
    EXPECT_FALSE(answered);
}

TEST_F(ExecProbesTest, AnAnswerThatIsOnItsWayDoesNotReachWhoHasCancelled)
{
    bool answered = false;
    {
        const auto attempt = prober.start({.action = ExecProbe{.command = {.shell = {.program = "/no/shell"}}}},
                                          surroundings, [&](const Answer&) { answered = true; });
    }
    io.run_for(10s);
    EXPECT_FALSE(answered);
}

TEST_F(ExecProbesTest, AnAnswerMayDestroyItsAttempt)
{
    bool answered = false;
    std::optional<Attempt> attempt;
    attempt = prober.start(shell("exit 0"), surroundings, [&](const Answer&) {
        attempt.reset();
        answered = true;
    });
    EXPECT_TRUE(run_until([&] { return answered; }));
}

/// SIGCHLD comes before the loop has looked at the pidfd: the end must be the attempt's, not an orphan's.
TEST_F(ExecProbesTest, ReapingOrphansLeavesItsCommandToTheAttempt)
{
    std::optional<Answer> got;
    auto attempt = prober.start(shell("echo $$ > pid.new; mv pid.new pid; exit 5"), surroundings,
                                [&](Answer answer) { got = std::move(answer); });
    // Not by the loop, which must not see the pidfd before the orphans are reaped.
    while (group() == 0) std::this_thread::yield();
    const pid_t pid = group();
    siginfo_t end{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOWAIT), 0);
    EXPECT_FALSE(attempt.collect(pid + 1));
    os::reap_orphans([&](pid_t ended) { return attempt.collect(ended); });
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOHANG), -1) << "it has been reaped";
    EXPECT_FALSE(got.has_value());
    ASSERT_TRUE(run_until([&] { return got.has_value(); }));
    EXPECT_EQ(got->detail, "exit 5");
    EXPECT_FALSE(attempt.collect(pid)) << "the number may be anybody's by now";
}

/// After its end nobody claims a killed command: it is reaped as an orphan, and no zombie stays.
TEST_F(ExecProbesTest, AKilledCommandIsReapedWithTheOrphans)
{
    expect_failure(shell("exec sleep 1000", 1ms), "timed out after 1 ms");
    EXPECT_TRUE(run_until([] {
        os::reap_orphans([](pid_t) { return false; });
        siginfo_t end{};
        return ::waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT) != 0; // ECHILD
    }));
}

TEST_F(ExecProbesTest, KeepsNoDescriptorOpen)
{
    ask(shell("exit 0"));
    const auto before = open_descriptors();
    for (int i = 0; i < 5; ++i) {
        ask(shell("exit 0"));
        ask(shell("sleep 1000", 1ms));
        prober.start(shell("sleep 1000"), surroundings, [](const Answer&) {});
    }
    io.restart();
    io.run_for(10s);
    EXPECT_EQ(open_descriptors(), before);
}

Probe tcp_to(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout = 20s)
{
    return {.action = TcpProbe{host, port}, .timeout = timeout};
}

using TcpProbesTest = ProbesTest;

TEST_F(TcpProbesTest, AConnectionThatIsAcceptedPasses)
{
    const auto server = silent_server();
    expect_pass(tcp_to("127.0.0.1", server.port()), "connected");
    expect_pass(tcp_to("localhost", server.port()), "connected");
}

TEST_F(TcpProbesTest, ARefusedOneFails)
{
    expect_failure(tcp_to("127.0.0.1", free_port()), "connection refused");
    expect_failure(tcp_to("localhost", free_port()), "connection refused"); // by both of its addresses
}

/// Not an address as Asio spells them, but one for getaddrinfo(3): the way of every host name, without a name server.
TEST_F(TcpProbesTest, ANameIsLookedUp)
{
    const auto server = silent_server();
    expect_pass(tcp_to("127.1", server.port()), "connected");
    expect_failure(tcp_to("127.1", free_port()), "connection refused");
}

TEST_F(TcpProbesTest, AHostThatCannotBeFoundFailsInTime)
{
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_THAT(ask(tcp_to("no-such-host.invalid", 80, 2s)).detail,
                AnyOf(StartsWith("cannot find host no-such-host.invalid: "), "timed out after 2 s"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

/// Linux connects a socket to itself where it is given the port it asks for.
TEST_F(TcpProbesTest, AConnectionToItselfIsNone)
{
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, for a network of its own with few ports to choose from";
    const pid_t child = ::fork();
    if (child == 0) {
        ::unshare(CLONE_NEWNET);
        const os::UniqueFd control{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        ifreq loopback{};
        std::strcpy(loopback.ifr_name, "lo");
        loopback.ifr_flags = IFF_UP;
        const bool up = ::ioctl(control.get(), SIOCSIFFLAGS, &loopback) == 0;
        std::ofstream{"/proc/sys/net/ipv4/ip_local_port_range"} << "40000 40001" << std::flush;
        boost::asio::io_context own; // the parent's must not be used on this side of a fork
        Prober on_own{own};
        bool refused = true;
        for (std::uint16_t port = 40000; port <= 40001; ++port) {
            std::optional<Answer> got;
            const auto attempt = on_own.start(tcp_to("127.0.0.1", port), {}, [&](Answer a) { got = std::move(a); });
            own.restart();
            while (!got) own.run_one();
            refused = refused && !got->passed && got->detail == "connection refused";
        }
        ::_exit(!up ? 2 : refused ? 0 : 1);
    }
    siginfo_t end{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED), 0);
    if (end.si_status == 2) GTEST_SKIP() << "no network of its own here";
    EXPECT_EQ(end.si_status, 0);
}

class UnixProbesTest : public ExecProbesTest {
protected:
    UnixProbesTest() : path{folder / "sock"} {}

    /// A listener for which `waiting` connections may wait to be accepted, and one more.
    os::UniqueFd listen(int waiting) const
    {
        os::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, path.c_str());
        EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(fd.get(), waiting), 0);
        return fd;
    }

    Probe probe(std::chrono::milliseconds timeout = 20s) const
    {
        return {.action = UnixProbe{path}, .timeout = timeout};
    }

    fs::path path;
};

TEST_F(UnixProbesTest, AConnectionThatIsAcceptedPasses)
{
    const auto listener = listen(8);
    expect_pass(probe(), "connected");
}

TEST_F(UnixProbesTest, FailsWhereNobodyListens)
{
    expect_failure(probe(), "no such file or directory");
    listen(8); // and is gone at once, but for its file
    expect_failure(probe(), "connection refused");
    expect_failure({.action = UnixProbe{"/" + std::string(200, 'x')}}, "file name too long");
}

TEST_F(UnixProbesTest, AServerThatHasStoppedAcceptingIsNotHealthy)
{
    const auto listener = listen(0);
    expect_pass(probe(), "connected"); // the one that may wait
    expect_failure(probe(200ms), "timed out after 200 ms");
}

TEST_F(UnixProbesTest, AServerThatIsOnlyBehindIsWaitedFor)
{
    const auto listener = listen(0);
    ask(probe());
    boost::asio::steady_timer later{io, 60ms};
    later.async_wait(
        [&](const boost::system::error_code&) { os::UniqueFd{::accept(listener.get(), nullptr, nullptr)}; });
    expect_pass(probe(), "connected");
}

class HubProbesTest : public ProbesTest {
protected:
    const Probe probe{.action = procfiles::HubProbe{}, .timeout = 20s};
};

TEST_F(HubProbesTest, WhatTheHubHasHeardIsTheAnswer)
{
    surroundings.hub = [](const Answered& answered) { answered({true, "answered 2 s ago"}); };
    expect_pass(probe, "answered 2 s ago");
    surroundings.hub = [](const Answered& answered) { answered({false, "silent for 12 s"}); };
    expect_failure(probe, "silent for 12 s");
}

TEST_F(HubProbesTest, TheHubMayAnswerLaterAndItsFirstAnswerCounts)
{
    surroundings.hub = [&](const Answered& answered) {
        boost::asio::post(io, [answered] {
            answered({true, "first"});
            answered({false, "second"});
        });
    };
    expect_pass(probe, "first");
}

TEST_F(HubProbesTest, AHubThatDoesNotAnswerTimesOutAndMayAnswerTooLate)
{
    Answered kept;
    surroundings.hub = [&](Answered answered) { kept = std::move(answered); };
    expect_failure({.action = procfiles::HubProbe{}, .timeout = 50ms}, "timed out after 50 ms");
    kept({true, "too late"});
    kept = nullptr;
    int answers = 0;
    {
        const auto attempt = prober.start(probe, surroundings, [&](const Answer&) { ++answers; });
    }
    kept({true, "nobody waits"});
    io.restart();
    io.run();
    EXPECT_EQ(answers, 0);
}

TEST_F(HubProbesTest, WithoutAHubThereIsNobodyToAsk) { expect_failure(probe, "there is no hub to ask"); }

} // namespace
} // namespace pandora::supervisor::probes
