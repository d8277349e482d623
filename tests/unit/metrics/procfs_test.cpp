#include "metrics/procfs.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace pandora::metrics {
namespace {

namespace fs = std::filesystem;

// What stands after the name in a line of Linux 6: utime 130, stime 20, 7 threads, 512 resident pages.
const std::string numbers = " S 1 42 42 0 -1 4194560 1203 0 3 0 130 20 55 66 20 0 7 0 91234 23740416 512 "
                            "18446744073709551615 1 1 0 0 0 0 671173123 4096 1260 0 0 0 17 1 0 0 0 0 0\n";

constexpr StatFields expected{.user_ticks = 130, .system_ticks = 20, .threads = 7, .resident_pages = 512};

TEST(ParseStat, FindsTheNumbersWhateverTheProgramCallsItself)
{
    for (const std::string name : {"sleep", "", "a b", "tmux: server", ") S 9 9", "((()", ")))", "(sd-pam)", "a\nb",
                                   ") R 1 1 1 1 1 1 1 1 1 1 99 99 9 9 9 9 99 9 9 9 99", "\xff\xfe"})
        EXPECT_EQ(parse_stat("42 (" + name + ")" + numbers), expected) << name;
}

TEST(ParseStat, TakesNumbersAsLongAsTheKernelPrintsThem)
{
    const std::string line = "1 (x) R 0 0 0 0 -1 0 0 0 0 0 18446744073709551615 0 0 0 20 0 1 0 0 0 0 0";
    ASSERT_TRUE(parse_stat(line));
    EXPECT_EQ(parse_stat(line)->user_ticks, 18446744073709551615U);
}

TEST(ParseStat, RefusesWhatIsNoSuchLine)
{
    for (const std::string line :
         {"", "\n", "42", "42 (sleep", "42 (sleep)", "42 (sleep) S 1 42", "no parentheses at all",
          "42 (x) S 1 42 42 0 -1 4194560 1203 0 3 0 130 20 55 66 20 0 7 0 91234 23740416",
          "42 (x) S 1 42 42 0 -1 4194560 1203 0 3 0 many 20 55 66 20 0 7 0 91234 23740416 512",
          "42 (x) S 1 42 42 0 -1 4194560 1203 0 3 0 -130 20 55 66 20 0 7 0 91234 23740416 512",
          "42 (x) S 1 42 42 0 -1 4194560 1203 0 3 0 13x 20 55 66 20 0 7 0 91234 23740416 512",
          "42 (x) S 1 42 42 0 -1 4194560 1203 0 3 0 18446744073709551616 20 55 66 20 0 7 0 91234 23740416 "
          "512"})
        EXPECT_EQ(parse_stat(line), std::nullopt) << line;
}

/// A /proc of our own, in a folder that goes away with the test.
class ReadUsage : public testing::Test {
protected:
    ReadUsage()
    {
        std::string name = testing::TempDir() + "pandora-proc-XXXXXX";
        proc_ = ::mkdtemp(name.data());
    }

    ~ReadUsage() override { fs::remove_all(proc_); }

    void write_stat(int pid, const std::string& line)
    {
        fs::create_directories(proc_ / std::to_string(pid));
        std::ofstream{proc_ / std::to_string(pid) / "stat"} << line;
    }

    void open_fds(int pid, int count)
    {
        const fs::path folder = proc_ / std::to_string(pid) / "fd";
        fs::create_directories(folder);
        for (int fd = 0; fd < count; ++fd) fs::create_symlink("/dev/null", folder / std::to_string(fd));
    }

    fs::path proc_;
};

TEST_F(ReadUsage, TurnsTicksAndPagesIntoSecondsAndBytes)
{
    write_stat(42, "42 (web (1))" + numbers);
    open_fds(42, 3);
    const auto usage = read_usage(42, proc_);
    ASSERT_TRUE(usage);
    EXPECT_DOUBLE_EQ(usage->cpu_seconds, 150.0 / static_cast<double>(::sysconf(_SC_CLK_TCK)));
    EXPECT_EQ(usage->resident_bytes, 512U * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    EXPECT_EQ(usage->threads, 7U);
    EXPECT_EQ(usage->open_fds, 3U);
}

TEST_F(ReadUsage, TellsNoDescriptorsFromDescriptorsItMayNotCount)
{
    write_stat(1, "1 (idle)" + numbers);
    open_fds(1, 0);
    write_stat(2, "2 (secret)" + numbers);
    ASSERT_TRUE(read_usage(1, proc_));
    ASSERT_TRUE(read_usage(2, proc_));
    EXPECT_EQ(read_usage(1, proc_)->open_fds, 0U);
    EXPECT_EQ(read_usage(2, proc_)->open_fds, std::nullopt);
}

TEST_F(ReadUsage, SaysNothingOfAProcessThatIsGoneOrGoing)
{
    write_stat(7, "");
    EXPECT_EQ(read_usage(6, proc_).has_value(), false);
    EXPECT_EQ(read_usage(7, proc_).has_value(), false);
}

TEST(ReadUsageOfTheKernel, SeesThisProcess)
{
    const auto before = read_usage(::getpid());
    ASSERT_TRUE(before && before->open_fds);
    EXPECT_GT(before->resident_bytes, 1U << 20);
    EXPECT_GE(before->threads, 1U);

    const int extra = ::dup(STDERR_FILENO);
    const auto after = read_usage(::getpid());
    ::close(extra);
    ASSERT_TRUE(after && after->open_fds);
    EXPECT_EQ(*after->open_fds, *before->open_fds + 1);
    EXPECT_GE(after->cpu_seconds, before->cpu_seconds);
}

} // namespace
} // namespace pandora::metrics
