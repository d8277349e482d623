#include "supervisor/core/exit_status.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace pandora::supervisor::core {
namespace {

struct Row {
    ExitStatus status;
    bool succeeded;
    int shell_code;
    std::string text;
};

TEST(ExitStatus, KeepsCodeAndSignalApartAndTellsBothAsAShellDoes)
{
    const Row rows[] = {
        {Exited{0}, true, 0, "exit 0"},
        {Exited{3}, false, 3, "exit 3"},
        {Exited{139}, false, 139, "exit 139"},
        {Killed{SIGSEGV, true}, false, 139, "SIGSEGV (core dumped)"},
        {Killed{SIGKILL, false}, false, 137, "SIGKILL"},
        {Killed{50, false}, false, 178, "signal 50"},
        {NotStarted{"cannot execute ./x: Permission denied", 126}, false, 126, "cannot execute ./x: Permission denied"},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(succeeded(row.status), row.succeeded) << row.text;
        EXPECT_EQ(shell_code(row.status), row.shell_code) << row.text;
        EXPECT_EQ(describe(row.status), row.text);
    }
}

TEST(ExitStatus, AnEndNamesTheFaultBeforeTheStatusThatCameOfIt)
{
    EXPECT_EQ(describe(End{Killed{SIGKILL, false}, "killed for memory"}), "killed for memory, SIGKILL");
    EXPECT_EQ(describe(End{Exited{3}, {}}), "exit 3");
    EXPECT_EQ(describe(End{NotStarted{"dependency db failed", 1}, {}}), "dependency db failed");
}

TEST(ExitStatus, SignalsHaveTheirNamesAndOthersTheirNumbers)
{
    EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
    EXPECT_EQ(signal_name(SIGUSR1), "SIGUSR1");
    EXPECT_EQ(signal_name(35), "signal 35");
}

} // namespace
} // namespace pandora::supervisor::core
