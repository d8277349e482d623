#include "supervisor/os/cgroup_mounts.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::os {
namespace {

constexpr const char* unified_mount =
    "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST(CgroupMounts, OfAMachineWithVersionTwoAreOneFolder)
{
    const auto found = parse_cgroup_mounts("0::/system.slice/shop.service\n", unified_mount);
    EXPECT_EQ(found.unified, "/sys/fs/cgroup/system.slice/shop.service");
    EXPECT_TRUE(found.legacy.empty());
}

TEST(CgroupMounts, OfTheRootGroupAreTheMountItself)
{
    EXPECT_EQ(parse_cgroup_mounts("0::/\n", unified_mount).unified, "/sys/fs/cgroup");
}

TEST(CgroupMounts, OfVersionOneAreFoundByController)
{
    const auto found = parse_cgroup_mounts("8:pids:/jobs\n4:cpu,cpuacct:/\n1:name=systemd:/\n0::/\n",
                                           "40 23 0:31 / /cg/pids rw - cgroup cgroup rw,pids\n"
                                           "41 23 0:32 / /cg/cpu rw shared:1 master:2 - cgroup cgroup rw,cpu,cpuacct\n"
                                           "42 23 0:33 / /cg/unified rw - cgroup2 cgroup2 rw\n"
                                           "43 23 0:34 / /tmp rw - tmpfs tmpfs rw\n");
    EXPECT_EQ(found.unified, "/cg/unified");
    EXPECT_EQ(found.legacy.at("pids"), "/cg/pids/jobs");
    EXPECT_EQ(found.legacy.at("cpu"), "/cg/cpu");
    EXPECT_EQ(found.legacy.at("cpuacct"), "/cg/cpu");
    EXPECT_EQ(found.legacy.size(), 3U);
}

TEST(CgroupMounts, ShowOnlyWhatLiesBelowTheRootOfTheMount)
{
    const char* container = "31 23 0:27 /docker/f00 /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    EXPECT_EQ(parse_cgroup_mounts("0::/docker/f00/app\n", container).unified, "/sys/fs/cgroup/app");
    EXPECT_EQ(parse_cgroup_mounts("0::/docker/f00\n", container).unified, "/sys/fs/cgroup");
    EXPECT_FALSE(parse_cgroup_mounts("0::/docker/other\n", container).unified);
    EXPECT_FALSE(parse_cgroup_mounts("0::/../outside\n", container).unified);
}

TEST(CgroupMounts, AreEmptyWhereNothingIsMountedOrReadable)
{
    for (const char* mounts : {"", "\n", "31 23 0:27 / /sys", "31 23 0:27 / /sys/fs/cgroup rw - cgroup2"})
        EXPECT_FALSE(parse_cgroup_mounts("0::/\n", mounts).unified) << mounts;
    for (const char* groups : {"", "\n", "0", "0:"})
        EXPECT_FALSE(parse_cgroup_mounts(groups, unified_mount).unified) << groups;
}

} // namespace
} // namespace pandora::supervisor::os
