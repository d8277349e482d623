// The launcher against the real kernel: what a child starts with, and what is said when it cannot start.
#include "supervisor/os/spawn.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pandora::supervisor::os {
namespace {

namespace fs = std::filesystem;

struct Output {
    std::string text;
    siginfo_t end{};
};

class SpawnTest : public testing::Test {
protected:
    SpawnTest()
    {
        auto pattern = (fs::temp_directory_path() / "pandora-spawn-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }

    ~SpawnTest() override { fs::remove_all(folder_); }

    static SpawnRequest shell(const std::string& script)
    {
        SpawnRequest request;
        request.argv = {"/bin/sh", "-c", script};
        request.environment = {"PATH=/usr/bin:/bin"};
        return request;
    }

    /// Runs it to its end and returns what it wrote to its standard output.
    static Output run(SpawnRequest request)
    {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        const UniqueFd reader{ends[0]};
        UniqueFd writer{ends[1]};
        request.standard_output = writer.get();
        const auto spawned = spawn(request);
        writer = UniqueFd{};
        Output output;
        if (spawned.has_error()) {
            ADD_FAILURE() << describe(spawned.error());
            return output;
        }
        std::array<char, 4096> chunk{};
        for (ssize_t got = 0; (got = ::read(reader.get(), chunk.data(), chunk.size())) > 0;)
            output.text.append(chunk.data(), static_cast<std::size_t>(got));
        EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(spawned->pidfd.get()), &output.end, WEXITED), 0);
        return output;
    }

    static std::string error_of(const SpawnRequest& request)
    {
        const auto spawned = spawn(request);
        return spawned.has_error() ? describe(spawned.error()) : "";
    }

    fs::path folder_;
};

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

TEST_F(SpawnTest, InheritsNoDescriptorButThoseAskedFor)
{
    const UniqueFd leaky{::open("/dev/null", O_RDONLY)}; // without O_CLOEXEC, as a careless library would
    const UniqueFd high{::fcntl(leaky.get(), F_DUPFD, 200)};
    const auto output = run(shell("ls /proc/$$/fd | tr '\\n' ' '"));
    EXPECT_EQ(output.text.substr(0, 6), "0 1 2 ");
    EXPECT_EQ(output.text.find("200"), std::string::npos) << output.text;
    EXPECT_LE(output.text.size(), std::string_view{"0 1 2 10 "}.size()) << output.text << "(10 is the shell's own)";
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

TEST_F(SpawnTest, DropsToTheUserAskedForInAllThreeIdsAndGroups)
{
    if (::geteuid() != 0) GTEST_SKIP() << "only root can change the user";
    auto request = shell("grep -E '^(Uid|Gid|Groups|NoNewPrivs)' /proc/self/status | tr -s '\\t ' ' '");
    request.run_as = RunAs{65534, 65534};
    request.no_new_privileges = true;
    EXPECT_EQ(run(request).text,
              "Uid: 65534 65534 65534 65534\nGid: 65534 65534 65534 65534\nGroups: \nNoNewPrivs: 1\n");
    EXPECT_EQ(::geteuid(), 0U) << "the parent keeps its own";
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
    std::string text;
    std::array<char, 256> chunk{};
    for (ssize_t got = 0; (got = ::read(reader.get(), chunk.data(), chunk.size())) > 0;)
        text.append(chunk.data(), static_cast<std::size_t>(got));
    ::waitpid(parent, nullptr, 0);
    EXPECT_EQ(text, "up\ntold\n");
}

} // namespace
} // namespace pandora::supervisor::os
