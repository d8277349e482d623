// Against folders that look like control groups: which files are written, and what is said where they cannot be.
#include "supervisor/os/cgroup_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <unistd.h>

namespace pandora::supervisor::os {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class CgroupTreeTest : public testing::Test {
protected:
    CgroupTreeTest()
    {
        auto pattern = (fs::temp_directory_path() / "pandora-cgroup-XXXXXX").string();
        if (!::mkdtemp(pattern.data())) throw std::runtime_error{"mkdtemp"};
        root_ = pattern;
    }

    ~CgroupTreeTest() override { fs::remove_all(root_); }

    /// The kernel makes the files of a group with its folder; here they are there before.
    void make(const std::string& file, const std::string& text = {}) const
    {
        fs::create_directories((root_ / file).parent_path());
        std::ofstream{root_ / file} << text;
    }

    std::string read(const std::string& file) const
    {
        std::ifstream in{root_ / file};
        return {std::istreambuf_iterator<char>{in}, {}};
    }

    CgroupMounts unified() const { return {.unified = root_, .legacy = {}}; }

    fs::path root_;
};

constexpr pid_t master = 7;
constexpr CgroupLimits all_limits{.memory = 512 * 1024 * 1024, .cpus = 1.5, .pids = 40};

TEST_F(CgroupTreeTest, WritesEachLimitAsVersionTwoReadsIt)
{
    make("cgroup.controllers", "cpuset cpu io memory pids\n");
    make("cgroup.subtree_control");
    make("pandora-shop-7/cgroup.subtree_control");
    for (const char* file : {"memory.max", "cpu.max", "pids.max"}) make(std::string{"pandora-shop-7/web-0/"} + file);
    CgroupTree tree{"shop", unified(), master};
    const auto made = tree.make("web-0", all_limits);
    EXPECT_THAT(made.unapplied, IsEmpty());
    EXPECT_EQ(made.group.unified(), root_ / "pandora-shop-7/web-0");
    EXPECT_EQ(read("pandora-shop-7/web-0/memory.max"), "536870912");
    EXPECT_EQ(read("pandora-shop-7/web-0/cpu.max"), "150000 100000");
    EXPECT_EQ(read("pandora-shop-7/web-0/pids.max"), "40");
    EXPECT_EQ(read("pandora-shop-7/cgroup.subtree_control"), "+pids") << "the last that was enabled";
}

TEST_F(CgroupTreeTest, LeavesWhatIsNotLimitedAlone)
{
    make("pandora-shop-7/web-0/pids.max", "max");
    CgroupTree tree{"shop", unified(), master};
    EXPECT_THAT(tree.make("web-0", {}).unapplied, IsEmpty());
    EXPECT_EQ(read("pandora-shop-7/web-0/pids.max"), "max");
}

TEST_F(CgroupTreeTest, FallsBackToVersionOneWhereThatHasTheController)
{
    make("two/cgroup.controllers", "hugetlb\n");
    for (const char* file : {"pids/pandora-shop-7/web-0/pids.max", "pids/pandora-shop-7/web-0/cgroup.procs",
                             "memory/pandora-shop-7/web-0/memory.limit_in_bytes",
                             "memory/pandora-shop-7/web-0/cgroup.procs", "cpu/pandora-shop-7/web-0/cpu.cfs_period_us",
                             "cpu/pandora-shop-7/web-0/cpu.cfs_quota_us", "cpu/pandora-shop-7/web-0/cgroup.procs"})
        make(file);
    CgroupTree tree{"shop",
                    {.unified = root_ / "two",
                     .legacy = {{"pids", root_ / "pids"}, {"memory", root_ / "memory"}, {"cpu", root_ / "cpu"}}},
                    master};
    EXPECT_THAT(tree.make("web-0", all_limits).unapplied, IsEmpty());
    EXPECT_EQ(read("pids/pandora-shop-7/web-0/pids.max"), "40");
    EXPECT_EQ(read("memory/pandora-shop-7/web-0/memory.limit_in_bytes"), "536870912");
    EXPECT_EQ(read("cpu/pandora-shop-7/web-0/cpu.cfs_period_us"), "100000");
    EXPECT_EQ(read("cpu/pandora-shop-7/web-0/cpu.cfs_quota_us"), "150000");
}

TEST_F(CgroupTreeTest, SaysWhichControllerIsMissing)
{
    make("cgroup.controllers", "cpu\n");
    CgroupTree tree{"shop", unified(), master};
    EXPECT_THAT(tree.make("web-0", {.memory = 1024, .cpus = {}, .pids = {}}).unapplied,
                ElementsAre("limits.memory: the cgroup controller `memory` is not available here"));
}

TEST_F(CgroupTreeTest, WithoutAnyMountEveryLimitIsReported)
{
    CgroupTree tree{"shop", {}, master};
    const auto made = tree.make("web-0", all_limits);
    EXPECT_EQ(made.unapplied.size(), 3U);
    EXPECT_TRUE(made.group.empty());
    EXPECT_EQ(made.group.oom_kills(), 0U);
}

TEST_F(CgroupTreeTest, GivesAFractionOfACpuNoLessThanTheKernelTakes)
{
    make("cgroup.controllers", "cpu\n");
    make("cgroup.subtree_control");
    make("pandora-shop-7/cgroup.subtree_control");
    make("pandora-shop-7/web-0/cpu.max");
    CgroupTree tree{"shop", unified(), master};
    EXPECT_THAT(tree.make("web-0", {.memory = {}, .cpus = 0.001, .pids = {}}).unapplied, IsEmpty());
    EXPECT_EQ(read("pandora-shop-7/web-0/cpu.max"), "1000 100000");
}

TEST_F(CgroupTreeTest, ReadsWhatHappenedInAGroup)
{
    make("pandora-shop-7/web-0/cgroup.events", "populated 1\nfrozen 0\n");
    make("pandora-shop-7/web-0/memory.events", "low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\n");
    CgroupTree tree{"shop", unified(), master};
    const auto made = tree.make("web-0", {});
    EXPECT_FALSE(made.group.empty());
    EXPECT_EQ(made.group.oom_kills(), 3U);
    make("pandora-shop-7/web-0/cgroup.events", "populated 0\nfrozen 0\n");
    EXPECT_TRUE(made.group.empty());
}

TEST_F(CgroupTreeTest, KillsAGroupByOneWord)
{
    make("pandora-shop-7/web-0/cgroup.kill");
    CgroupTree tree{"shop", unified(), master};
    tree.make("web-0", {}).group.kill();
    EXPECT_EQ(read("pandora-shop-7/web-0/cgroup.kill"), "1");
}

TEST_F(CgroupTreeTest, RemovesItsFoldersAtTheEnd)
{
    {
        CgroupTree tree{"shop", unified(), master};
        const auto made = tree.make("web-0", {});
        EXPECT_TRUE(fs::exists(root_ / "pandora-shop-7/web-0"));
    }
    EXPECT_FALSE(fs::exists(root_ / "pandora-shop-7"));
}

TEST_F(CgroupTreeTest, RemovesWhatKilledMastersOfTheAppLeftAndNothingElse)
{
    const auto dead = std::to_string(std::numeric_limits<pid_t>::max()); // more than any kernel gives out
    const auto alive = std::to_string(::getpid());
    for (const auto& name : {"pandora-shop-" + dead, "pandora-shop-" + alive, "pandora-other-" + dead,
                             "pandora-shop-x" + dead, std::string{"shop"}})
        fs::create_directories(root_ / name / "web-0");
    const CgroupTree tree{"shop", unified(), master};
    EXPECT_FALSE(fs::exists(root_ / ("pandora-shop-" + dead)));
    EXPECT_TRUE(fs::exists(root_ / ("pandora-shop-" + alive) / "web-0")) << "empty for now, but its master lives";
    EXPECT_TRUE(fs::exists(root_ / ("pandora-other-" + dead) / "web-0"));
    EXPECT_TRUE(fs::exists(root_ / ("pandora-shop-x" + dead) / "web-0"));
    EXPECT_TRUE(fs::exists(root_ / "shop" / "web-0"));
}

} // namespace
} // namespace pandora::supervisor::os
