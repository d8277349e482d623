#include "supervisor/os/process_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace pandora::supervisor::os {
namespace {

TEST(ProcessTree, ReadsParentAndSessionWhateverTheCommandIsCalled)
{
    struct Row {
        const char* stat;
        pid_t parent;
        pid_t session;
    };

    const Row rows[] = {
        {"42 (web) S 7 42 41 0 -1", 7, 41},
        {"42 (a b) R 1 42 42 0 -1", 1, 42},
        {"42 (x) S 9 9 9) S 7 42 41 0 -1", 7, 41},
        {"42 ()) S 7 42 41 0 -1", 7, 41},
    };
    for (const auto& row : rows) {
        const auto kin = parse_kinship(row.stat);
        ASSERT_TRUE(kin) << row.stat;
        EXPECT_EQ(kin->parent, row.parent) << row.stat;
        EXPECT_EQ(kin->session, row.session) << row.stat;
        EXPECT_EQ(kin->group, 42) << row.stat;
    }
}

TEST(ProcessTree, RefusesWhatIsNoStatLine)
{
    for (const char* text : {"", "42", "42 (web", "42 (web) S", "42 (web) S x y z"})
        EXPECT_FALSE(parse_kinship(text)) << text;
}

TEST(ProcessTree, ReadsNameStartAndKind)
{
    const auto stat = parse_process_stat("42 (a) b) S 7 42 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 6789 10 11");
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->command, "a) b");
    EXPECT_EQ(stat->kin.parent, 7);
    EXPECT_EQ(stat->start_time, 6789U);
    EXPECT_FALSE(stat->kernel_thread);
    EXPECT_TRUE(parse_process_stat("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0")->kernel_thread);
    EXPECT_FALSE(parse_process_stat("42 (web) S 7 42 41 0 -1 4194560 1 2 3"));
}

TEST(ProcessTree, AZombieDoesNotRun)
{
    for (const char state : {'Z', 'X'}) EXPECT_FALSE((Kinship{.state = state}.runs())) << state;
    for (const char state : {'R', 'S', 'D', 'T'}) EXPECT_TRUE((Kinship{.state = state}.runs())) << state;
}

TEST(ProcessTree, KnowsWhetherAGroupStillRuns)
{
    EXPECT_TRUE(group_runs(::getpgrp()));
    EXPECT_FALSE(group_runs(::getpgrp(), "/nonexistent"));
}

TEST(ProcessTree, LeadsFromAProcessToItsAncestorsAndSession)
{
    const auto found = lineage(::getpid());
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found.front(), ::getpid());
    EXPECT_NE(std::ranges::find(found, ::getppid()), found.end());
}

/// A /proc with the stat files of processes that nobody runs.
class FakeProc {
public:
    ~FakeProc() { std::filesystem::remove_all(path); }

    void add(pid_t pid, pid_t parent, pid_t session, int start_time) const
    {
        std::filesystem::create_directories(path / std::to_string(pid));
        std::ofstream{path / std::to_string(pid) / "stat"} << pid << " (x) S " << parent << " 1 " << session
                                                           << " 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 " << start_time;
    }

    const std::filesystem::path path = [] {
        auto name = (std::filesystem::temp_directory_path() / "pandora-proc-XXXXXX").string();
        return std::filesystem::path{::mkdtemp(name.data())};
    }();
};

TEST(ProcessTree, LeadsFromAProcessOverParentsAndSessionsOfEach)
{
    const FakeProc proc;
    proc.add(1, 0, 1, 0);
    proc.add(10, 1, 9, 100);
    proc.add(20, 10, 20, 200);
    proc.add(30, 20, 20, 200);
    EXPECT_EQ(lineage(30, proc.path), (std::vector<pid_t>{30, 20, 20, 10, 9, 1}));
}

TEST(ProcessTree, AParentThatIsYoungerThanItsChildIsAnother)
{
    const FakeProc proc;
    proc.add(1, 0, 1, 0);
    proc.add(10, 1, 10, 100);
    proc.add(20, 10, 20, 300); // took the number of the one that had ended
    proc.add(30, 20, 30, 200);
    EXPECT_EQ(lineage(30, proc.path), std::vector<pid_t>{30});
}

TEST(ProcessTree, ATreeThatLeadsInACircleEnds)
{
    const FakeProc proc;
    proc.add(10, 20, 10, 100);
    proc.add(20, 10, 20, 100);
    EXPECT_EQ(lineage(10, proc.path).size(), 64U);
}

TEST(ProcessTree, AProcessThatIsGoneHasNoLineage) { EXPECT_TRUE(lineage(::getpid(), "/nonexistent").empty()); }

} // namespace
} // namespace pandora::supervisor::os
