#include "supervisor/os/process_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <unistd.h>

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

TEST(ProcessTree, AProcessThatIsGoneHasNoLineage) { EXPECT_TRUE(lineage(::getpid(), "/nonexistent").empty()); }

} // namespace
} // namespace pandora::supervisor::os
