#include "supervisor/os/proc_file.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::os {

namespace {

TEST(ProcFile, IsReadWhole)
{
    EXPECT_TRUE(read_proc_file("/proc/self/stat").ends_with('\n'));
    EXPECT_GT(read_proc_file("/proc/self/smaps").size(), 16U * 1024); // more than one read gives
}

TEST(ProcFile, WithoutAnEndIsReadUpToABound) { EXPECT_EQ(read_proc_file("/dev/zero").size(), proc_file_bytes_max); }

TEST(ProcFile, ThatIsGoneIsEmpty) { EXPECT_EQ(read_proc_file("/proc/0/stat"), ""); }

// The kernel refuses the read, not the opening, as it does where a process has ended in between.
TEST(ProcFile, ThatCannotBeReadIsEmpty) { EXPECT_EQ(read_proc_file("/proc/self"), ""); }

} // namespace

} // namespace pandora::supervisor::os
