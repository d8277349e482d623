// Commands of `env_cmds`, really run.
#include "procfiles/run_command.hpp"

#include <gtest/gtest.h>

#include <array>
#include <sys/wait.h>
#include <unistd.h>

namespace pandora::procfiles {
namespace {

using namespace std::chrono_literals;

CommandOutput run(std::string text, std::chrono::milliseconds timeout = 60s, std::size_t bytes_max = 1'000)
{
    return run_command({.text = std::move(text)}, timeout, bytes_max);
}

std::string output_of(const CommandOutput& result)
{
    const auto* failed = std::get_if<CommandFailed>(&result);
    return failed == nullptr ? std::get<std::string>(result) : "failed: " + failed->reason;
}

TEST(RunCommand, GivesWhatTheCommandWrites)
{
    EXPECT_EQ(output_of(run("echo one; printf two")), "one\ntwo");
    EXPECT_EQ(output_of(run("true")), "");
    EXPECT_EQ(output_of(run("echo seen; echo not seen >&2; cat")), "seen\n"); // there is no input to wait for
    EXPECT_EQ(output_of(run_command({"import sys; sys.stdout.write('x')", {"python3", "-c"}}, 60s, 10)), "x");
}

TEST(RunCommand, SaysWhyThereIsNothing)
{
    EXPECT_EQ(output_of(run("echo x; exit 3")), "failed: it ended with code 3");
    EXPECT_EQ(output_of(run("kill -9 $$")), "failed: it was ended by signal 9");
    EXPECT_EQ(output_of(run("printf 12345", 60s, 4)), "failed: it wrote more than 4 bytes");
    EXPECT_EQ(output_of(run_command({"x", {"/no/such/shell", "-c"}}, 60s, 10)), "failed: No such file or directory");
}

TEST(RunCommand, KillsAGroupThatTakesTooLongAndLeavesNoChild)
{
    const auto started = std::chrono::steady_clock::now();
    EXPECT_EQ(output_of(run("sleep 600 & sleep 600", 50ms)), "failed: it took too long");
    EXPECT_EQ(output_of(run("exec >&-; sleep 600", 50ms)), "failed: it took too long");
    EXPECT_LT(std::chrono::steady_clock::now() - started, 60s);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(RunCommand, KillsWhatItsLeaderLeftBehind)
{
    // Whoever stays in the group holds this pipe, too, so that its end shows theirs.
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    EXPECT_EQ(output_of(run("sleep 600 & exit 0", 50ms)), "failed: it took too long");
    ::close(ends[1]);
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 0);
    ::close(ends[0]);
}

} // namespace
} // namespace pandora::procfiles
