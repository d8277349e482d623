// The launcher against the real kernel: what a child starts with, and what is said when it cannot start.
#include "supervisor/os/launcher.hpp"
#include "tests/process/spawn_fixture.hpp"

#include <boost/asio/io_context.hpp>

#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

namespace pandora::supervisor::os {
namespace {

TEST_F(SpawnTest, RunsTheProgramAndReportsItsEnd)
{
    const auto output = run(shell("echo hello; exit 3"));
    EXPECT_EQ(output.text, "hello\n");
    EXPECT_EQ(output.end.si_code, CLD_EXITED);
    EXPECT_EQ(output.end.si_status, 3);
}

TEST_F(SpawnTest, AMissingProgramIsReportedAsSuch)
{
    EXPECT_EQ(error_of({.argv = {"/no/such/program"}}), "cannot execute /no/such/program: No such file or directory");
    EXPECT_EQ(error_of({.argv = {"no-such-program-anywhere"}}),
              "cannot execute no-such-program-anywhere: No such file or directory");
}

TEST_F(SpawnTest, AMissingWorkingDirectoryIsReportedAsSuch)
{
    auto request = shell("true");
    request.working_directory = "/no/such/folder";
    EXPECT_EQ(error_of(request), "cannot change to working_dir /no/such/folder: No such file or directory");
}

TEST_F(SpawnTest, AProgramThatMayNotBeExecutedIsReportedAsSuch)
{
    const auto file = folder_ / "tool";
    std::ofstream{file} << "#!/bin/sh\n";
    ::chmod(file.c_str(), 0644);
    EXPECT_EQ(error_of({.argv = {file.string()}}), "cannot execute " + file.string() + ": Permission denied");
    EXPECT_EQ(error_of({.argv = {"tool"}, .environment = {"PATH=" + folder_.string() + ":/usr/bin"}}),
              "cannot execute tool: Permission denied");
}

TEST_F(SpawnTest, LeavesNoZombieOfAChildThatCouldNotExec)
{
    error_of({.argv = {"/no/such/program"}});
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST_F(SpawnTest, TheProgramIsLookedUpInTheChildsOwnPath)
{
    const auto file = folder_ / "greet";
    std::ofstream{file} << "#!/bin/sh\necho from $0\n";
    ::chmod(file.c_str(), 0755);
    const auto output = run({.argv = {"greet"}, .environment = {"PATH=/nowhere:" + folder_.string()}});
    EXPECT_EQ(output.text, "from " + file.string() + "\n");
}

TEST_F(SpawnTest, LeadsItsOwnSessionAndGroup)
{
    const auto output = run(shell("cut -d' ' -f1,5,6 /proc/$$/stat"));
    std::istringstream fields{output.text};
    pid_t pid = 0;
    pid_t group = 0;
    pid_t session = 0;
    fields >> pid >> group >> session;
    EXPECT_EQ(group, pid);
    EXPECT_EQ(session, pid);
}

TEST_F(SpawnTest, StartsWithEverySignalAtItsDefaultAndNoneBlocked)
{
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGUSR2, SIG_IGN);
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    const auto output = run(shell("grep -E 'SigBlk|SigIgn' /proc/self/status"));
    ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGUSR2, SIG_DFL);
    EXPECT_EQ(output.text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(SpawnTest, ResetsNoMoreThanTheSignalsItIsToldOf)
{
    ::signal(SIGUSR2, SIG_IGN);
    auto request = shell("grep SigIgn /proc/self/status");
    request.perhaps_ignored = SignalSet{};
    const auto untouched = run(request);
    request.perhaps_ignored.add(SIGUSR2);
    const auto reset = run(request);
    ::signal(SIGUSR2, SIG_DFL);
    EXPECT_EQ(untouched.text, "SigIgn:\t0000000000000800\n");
    EXPECT_EQ(reset.text, "SigIgn:\t0000000000000000\n");
}

TEST_F(SpawnTest, InheritsNoDescriptorButThoseAskedFor)
{
    const UniqueFd leaky{::open("/dev/null", O_RDONLY)}; // without O_CLOEXEC, as a careless library would
    const UniqueFd high{::fcntl(leaky.get(), F_DUPFD, 200)};
    const auto output = run(shell("exec ls /proc/self/fd"));
    EXPECT_EQ(output.text, "0\n1\n2\n3\n") << "3 is the folder that ls reads";
}

TEST_F(SpawnTest, FromAShelfItGetsTheSameAndNoneOfTheParentsOthers)
{
    DescriptorShelf shelf;
    const UniqueFd leaky{::open("/dev/null", O_RDONLY)};
    std::vector<UniqueFd> many;
    for (int n = 0; n < 300; ++n) many.emplace_back(::fcntl(leaky.get(), F_DUPFD, 3));
    for (int round = 0; round < 3; ++round) {
        auto request = shell("cat <&3; cat; exec ls /proc/self/fd");
        const auto path = folder_ / "passed";
        std::ofstream{path} << "passed\n";
        const UniqueFd passed{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
        request.listen_fds = {passed.get()};
        request.shelf = &shelf;
        const auto output = run(std::move(request));
        EXPECT_EQ(output.text, "passed\n0\n1\n2\n3\n4\n") << "the input is empty; 4 is the folder that ls reads";
    }
    EXPECT_GE(::fcntl(many.back().get(), F_GETFD), 0) << "the parent's table is as it was";
}

TEST_F(SpawnTest, AShelfKeepsNothingOfAChildThatIsGone)
{
    DescriptorShelf shelf;
    auto request = shell("exit 0");
    request.shelf = &shelf;
    EXPECT_EQ(run(request).text, "") << "reads to the end: nobody else holds the writing end";
    request.argv = {"/nowhere"};
    EXPECT_TRUE(spawn(request).has_error());
    EXPECT_EQ(run(shell("echo fine")).text, "fine\n");
}

TEST_F(SpawnTest, WhatAShelfCannotHoldIsPassedWithoutIt)
{
    DescriptorShelf shelf{2};
    auto request = shell("cat <&3; cat <&4");
    std::vector<UniqueFd> files;
    for (const char* name : {"one", "two"}) {
        std::ofstream{folder_ / name} << name << "\n";
        files.emplace_back(::open((folder_ / name).c_str(), O_RDONLY | O_CLOEXEC));
        request.listen_fds.push_back(files.back().get());
    }
    request.shelf = &shelf;
    EXPECT_EQ(run(std::move(request)).text, "one\ntwo\n");
}

TEST_F(SpawnTest, HasTheDescriptorLimitAskedFor)
{
    auto request = shell("ulimit -Sn; ulimit -Hn");
    request.descriptor_limit = DescriptorLimit{100, 200};
    EXPECT_EQ(run(request).text, "100\n200\n");
}

TEST_F(SpawnTest, ItsInputIsEmptyUnlessGiven) { EXPECT_EQ(run(shell("cat; echo end")).text, "end\n"); }

TEST_F(SpawnTest, PassesDescriptorsFromThreeOnAndNamesItselfAsTheirReceiver)
{
    const auto write_file = [&](const char* name) {
        const auto path = folder_ / name;
        std::ofstream{path} << name << "\n";
        return UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    };
    const auto a = write_file("a");
    const auto b = write_file("b");
    auto request = shell("cat <&3; cat <&4; echo $LISTEN_FDS; [ $LISTEN_PID = $$ ] && echo mine");
    request.listen_fds = {b.get(), a.get()}; // b has the higher number: neither may overwrite the other
    EXPECT_EQ(run(request).text, "b\na\n2\nmine\n");
}

TEST_F(SpawnTest, TellsTheNamesOfTheListeners)
{
    auto request = shell("echo $LISTEN_FDS $LISTEN_FDNAMES");
    request.listen_fds = {STDIN_FILENO, STDIN_FILENO};
    request.listen_names = {"http", "admin"};
    EXPECT_EQ(run(request).text, "2 http:admin\n");
}

TEST_F(SpawnTest, TellsTheChildItsPidInEachVariableAskedFor)
{
    auto request = shell("[ $WATCHDOG_PID = $$ ] && [ $SELF = $$ ] && echo mine");
    request.own_pid_variables = {"WATCHDOG_PID", "SELF"};
    EXPECT_EQ(run(request).text, "mine\n");
}

TEST_F(SpawnTest, PassesDescriptorsAtNumbersOfTheirOwnEvenWhereTheyStandInEachOthersWay)
{
    const auto a = file_with("a\n");
    const auto b = file_with("b\n");
    const UniqueFd forty{::fcntl(a.get(), F_DUPFD_CLOEXEC, 40)};
    const UniqueFd higher{::fcntl(b.get(), F_DUPFD_CLOEXEC, 41)};
    const auto first = std::to_string(forty.get());
    const auto second = std::to_string(higher.get());
    auto request = shell("cat /dev/fd/" + first + " /dev/fd/" + second + "; ls /proc/$$/fd | tr '\\n' ' '");
    request.passed = {{forty.get(), higher.get()}, {higher.get(), forty.get()}};
    const auto text = run(request).text;
    EXPECT_EQ(text.substr(0, 4), "b\na\n");
    EXPECT_NE(text.find(" " + first + " " + second + " "), std::string::npos) << text;
}

TEST_F(SpawnTest, ADescriptorThatIsNotOpenIsReportedAsSuch)
{
    auto request = shell("true");
    request.passed = {{9999, 3}};
    EXPECT_EQ(error_of(request), "cannot pass descriptors to /bin/sh: Bad file descriptor");
}

TEST_F(SpawnTest, ATerminalBecomesThatOfTheSession)
{
    const UniqueFd ours{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    ASSERT_TRUE(ours && ::grantpt(ours.get()) == 0 && ::unlockpt(ours.get()) == 0);
    const UniqueFd terminal{::open(::ptsname(ours.get()), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    auto request = shell("stty -opost; echo to the terminal > /dev/tty");
    request.controlling_terminal = true;
    request.standard_input = request.standard_output = request.standard_error = terminal.get();
    const auto spawned = spawn(request);
    ASSERT_TRUE(spawned.has_value()) << describe(spawned.error());
    std::array<char, 256> line{};
    const auto got = ::read(ours.get(), line.data(), line.size());
    EXPECT_EQ(std::string(line.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))), "to the terminal\n");
    wait_for(*spawned);
}

TEST_F(SpawnTest, WithoutATerminalItCannotBecomeOne)
{
    auto request = shell("true");
    request.controlling_terminal = true;
    EXPECT_EQ(error_of(request), "cannot give a terminal to /bin/sh: Inappropriate ioctl for device");
}

TEST_F(SpawnTest, AProcessHandleTellsTheExitCode)
{
    boost::asio::io_context io;
    auto process = CloneLauncher{}(io.get_executor(), shell("exit 3"));
    ASSERT_TRUE(process.has_value()) << describe(process.error());
    std::optional<int> told;
    process->async_wait([&](const boost::system::error_code& error, int code) { told = error ? -1 : code; });
    io.run();
    EXPECT_EQ(told, 3);
}

TEST_F(SpawnTest, ExecutesADescriptorWhereThePathIsOutOfReach)
{
    const UniqueFd program{::open("/bin/echo", O_PATH | O_CLOEXEC)};
    SpawnRequest request{.argv = {"a name of its own", "hello"}};
    request.executable = program.get();
    EXPECT_EQ(run(request).text, "hello\n");
}

/// In a child of its own, as the parent that dies.
TEST_F(SpawnTest, TheChildFollowsItsParentIntoDeath)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd reader{ends[0]};
    UniqueFd writer{ends[1]};
    const auto parent = ::fork();
    if (parent == 0) {
        auto request = shell("trap 'echo told; exit' TERM; echo up; while :; do sleep 0.05; done");
        request.standard_output = writer.get();
        const auto spawned = spawn(request);
        ::usleep(spawned.has_value() ? 300'000 : 0);
        ::_exit(0);
    }
    writer = UniqueFd{};
    const auto text = read_all(reader);
    ::waitpid(parent, nullptr, 0);
    EXPECT_EQ(text, "up\ntold\n");
}

} // namespace
} // namespace pandora::supervisor::os
