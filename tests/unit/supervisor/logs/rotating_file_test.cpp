#include "supervisor/logs/rotating_file.hpp"
#include "tests/unit/supervisor/logs/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

namespace pandora::supervisor::logs {
namespace {

using namespace std::chrono_literals;
using procfiles::LogRotation;

const SteadyTime start = SteadyTime{} + 1000h;

class RotatingFiles : public testing::Test {
protected:
    RotatingFile::Written write(std::string_view text, SteadyTime now = start)
    {
        return file_.write(text, rotation_, std::chrono::system_clock::now(), now);
    }

    const TemporaryFolder folder_;
    LogRotation rotation_{.max_size = 10};
    RotatingFile file_{std::make_shared<Backups>(folder_ / "a.log")};
};

TEST_F(RotatingFiles, AreAppendedTo)
{
    folder_.write("a.log", "old\n");
    EXPECT_EQ(write("new\n").bytes, 4U);
    EXPECT_EQ(folder_.text("a.log"), "old\nnew\n");
}

TEST_F(RotatingFiles, EndALineThatACrashLeftOpen)
{
    folder_.write("a.log", "half");
    write("new\n");
    EXPECT_EQ(folder_.text("a.log"), "half\nnew\n");
}

TEST_F(RotatingFiles, RotateBetweenLines)
{
    const auto written = write("123\n456\n789\nabc\n");
    EXPECT_FALSE(written.error);
    EXPECT_EQ(written.bytes, 16U);
    EXPECT_EQ(written.rotations, 1U);
    EXPECT_EQ(folder_.text("a.log.1"), "123\n456\n");
    EXPECT_EQ(folder_.text("a.log"), "789\nabc\n");
}

TEST_F(RotatingFiles, MayBeAsLargeAsTheyAreAllowed)
{
    EXPECT_EQ(write("123456789\n").rotations, 0U);
    EXPECT_EQ(write("x\n").rotations, 1U);
    EXPECT_EQ(folder_.text("a.log.1"), "123456789\n");
}

TEST_F(RotatingFiles, DoNotSplitALineThatComesInPieces)
{
    write("1234567");
    EXPECT_EQ(write("89abc").rotations, 0U);
    EXPECT_EQ(write("\nnext\n").rotations, 1U);
    EXPECT_EQ(folder_.text("a.log.1"), "123456789abc\n");
    EXPECT_EQ(folder_.text("a.log"), "next\n");
}

TEST_F(RotatingFiles, GiveALineThatIsTooLargeAFileOfItsOwn)
{
    write("a\n");
    EXPECT_EQ(write("a line of many bytes\nb\n").rotations, 2U);
    EXPECT_EQ(folder_.text("a.log.2"), "a\n");
    EXPECT_EQ(folder_.text("a.log.1"), "a line of many bytes\n");
    EXPECT_EQ(folder_.text("a.log"), "b\n");
}

TEST_F(RotatingFiles, SplitALineWithoutEnd)
{
    for (int n = 0; n < 100; ++n) write("12345");
    for (const auto& name : folder_.names()) EXPECT_LE(folder_.text(name).size(), 20U) << name;
}

TEST_F(RotatingFiles, NeverRotateWithoutALimit)
{
    rotation_.max_size = 0;
    for (int n = 0; n < 1000; ++n) EXPECT_EQ(write("a line of many bytes\n").rotations, 0U);
    EXPECT_EQ(folder_.text("a.log").size(), 21'000U);
}

TEST_F(RotatingFiles, RotateWhenTheyAreOld)
{
    rotation_ = {.max_size = 0, .interval = 24h};
    EXPECT_FALSE(file_.due(rotation_));
    write("monday\n");
    ASSERT_TRUE(file_.due(rotation_));
    EXPECT_LE(*file_.due(rotation_), start + 24h);
    EXPECT_GE(*file_.due(rotation_), start + 23h);
    EXPECT_EQ(write("still monday\n", start + 12h).rotations, 0U);
    EXPECT_EQ(write("tuesday\n", start + 25h).rotations, 1U);
    EXPECT_EQ(folder_.text("a.log.1"), "monday\nstill monday\n");
    EXPECT_EQ(file_.rotate_if_due(rotation_, std::chrono::system_clock::now(), start + 50h).rotations, 1U);
    EXPECT_EQ(folder_.text("a.log.1"), "tuesday\n");
    EXPECT_FALSE(file_.due(rotation_)) << "an empty file is kept";
}

TEST_F(RotatingFiles, AreFoundAgainWhenSomebodyMovedOrRemovedThem)
{
    write("one\n");
    std::filesystem::rename(folder_ / "a.log", folder_ / "elsewhere");
    write("two\n");
    EXPECT_EQ(folder_.text("elsewhere"), "one\n");
    EXPECT_EQ(folder_.text("a.log"), "two\n");
    std::filesystem::remove(folder_ / "a.log");
    write("three\n");
    EXPECT_EQ(folder_.text("a.log"), "three\n");
}

TEST_F(RotatingFiles, KnowWhenSomebodyEmptiedThem)
{
    write("12345678\n");
    std::filesystem::resize_file(folder_ / "a.log", 0);
    EXPECT_EQ(write("abcdefgh\n").rotations, 0U);
    EXPECT_EQ(folder_.text("a.log"), "abcdefgh\n");
}

TEST_F(RotatingFiles, MakeTheirFoldersForTheirGroupAlone)
{
    RotatingFile deep{std::make_shared<Backups>(folder_ / "x/y/a.log")};
    EXPECT_FALSE(deep.write("one\n", rotation_, {}, start).error);
    std::filesystem::remove_all(folder_ / "x");
    EXPECT_FALSE(deep.write("two\n", rotation_, {}, start).error);
    EXPECT_EQ(folder_.text("x/y/a.log"), "two\n");

    struct stat info {};

    ASSERT_EQ(::stat((folder_ / "x/y").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0007U, 0U);
    ASSERT_EQ(::stat((folder_ / "x/y/a.log").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0137U, 0U) << "no execution, nothing for others, no writing for the group";
}

TEST_F(RotatingFiles, AreNoSymbolicLinksNorAnythingThatWaits)
{
    folder_.write("secret", "mine\n");
    std::filesystem::create_symlink(folder_ / "secret", folder_ / "a.log");
    EXPECT_EQ(write("x\n").error, std::errc::too_many_symbolic_link_levels);
    EXPECT_EQ(folder_.text("secret"), "mine\n");
    std::filesystem::remove(folder_ / "a.log");
    ASSERT_EQ(::mkfifo((folder_ / "a.log").c_str(), 0600), 0);
    EXPECT_TRUE(write("x\n").error);
    RotatingFile nowhere{std::make_shared<Backups>("/dev/null")};
    EXPECT_EQ(nowhere.write(std::string(100, '\n'), rotation_, {}, start).bytes, 100U) << "and is never rotated";
}

TEST_F(RotatingFiles, GoOnInTheSameFileWhereTheyCannotBeRotated)
{
    const std::string name(254, 'a'); // NAME_MAX is 255: no room for a number
    RotatingFile file{std::make_shared<Backups>(folder_ / name)};
    const auto wall = std::chrono::system_clock::now();
    file.write("12345678\n", rotation_, wall, start);
    const auto written = file.write("abcdefgh\nijkl\n", rotation_, wall, start);
    EXPECT_EQ(written.bytes, 14U);
    EXPECT_EQ(written.rotations, 0U);
    EXPECT_EQ(written.error, std::errc::filename_too_long);
    EXPECT_FALSE(file.write("more\n", rotation_, wall, start).error) << "not tried each time";
    EXPECT_TRUE(file.write("more\n", rotation_, wall, start + 1s).error);
    EXPECT_EQ(folder_.text(name), "12345678\nabcdefgh\nijkl\nmore\nmore\n");
}

TEST_F(RotatingFiles, SayHowMuchWentIntoAFullFileSystem)
{
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN); // as it is blocked where log files are written
    const rlimit little{100, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &little);
    rotation_.max_size = 0;
    const auto written = write(std::string(60, 'x') + "\n" + std::string(60, 'y') + "\n");
    const auto again = write("z\n");
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_EQ(written.bytes, 100U);
    EXPECT_EQ(written.error, std::errc::file_too_large);
    EXPECT_TRUE(again.error);
    EXPECT_EQ(write("better\n").bytes, 7U);
    EXPECT_EQ(folder_.text("a.log"), std::string(60, 'x') + "\n" + std::string(39, 'y') + "\nbetter\n");
}

} // namespace
} // namespace pandora::supervisor::logs
