#include "supervisor/logs/backups.hpp"
#include "tests/unit/supervisor/logs/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace pandora::supervisor::logs {
namespace {

using Names = std::set<std::string>;
using procfiles::Compression;

std::uint64_t inode(const std::filesystem::path& path)
{
    struct stat info {};

    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    return info.st_ino;
}

TEST(Backups, AreNumberedFromTheYoungestAndBounded)
{
    const TemporaryFolder folder;
    Backups backups{folder / "a.log"};
    for (const std::string text : {"first", "second", "third", "fourth"}) {
        folder.write("a.log", text);
        EXPECT_FALSE(backups.rotate(3));
    }
    EXPECT_EQ(folder.names(), (Names{"a.log.1", "a.log.2", "a.log.3"}));
    EXPECT_EQ(folder.text("a.log.1"), "fourth");
    EXPECT_EQ(folder.text("a.log.3"), "second");
}

TEST(Backups, WithoutABoundAreAllKept)
{
    const TemporaryFolder folder;
    Backups backups{folder / "a.log"};
    for (int n = 0; n < 25; ++n) {
        folder.write("a.log", std::to_string(n));
        EXPECT_FALSE(backups.rotate(0));
    }
    EXPECT_EQ(folder.names().size(), 25U);
    EXPECT_EQ(folder.text("a.log.25"), "0");
}

TEST(Backups, KeepTheirFormatWhenTheyMoveUp)
{
    const TemporaryFolder folder;
    folder.write("a.log.1", "plain");
    folder.write("a.log.2.gz", "gzip");
    folder.write("a.log.3.zst", "zstd");
    folder.write("a.log", "new");
    EXPECT_FALSE(Backups{folder / "a.log"}.rotate(10));
    EXPECT_EQ(folder.names(), (Names{"a.log.1", "a.log.2", "a.log.3.gz", "a.log.4.zst"}));
}

TEST(Backups, BeyondAGapStayWhereTheyAre)
{
    const TemporaryFolder folder;
    folder.write("a.log.1", "one");
    folder.write("a.log.3", "three");
    folder.write("a.log", "new");
    EXPECT_FALSE(Backups{folder / "a.log"}.rotate(10));
    EXPECT_EQ(folder.text("a.log.2"), "one");
    EXPECT_EQ(folder.text("a.log.3"), "three");
}

TEST(Backups, LeaveOtherFilesAlone)
{
    const TemporaryFolder folder;
    const Names others{"a.log.old", "a.log.1.bak", "a.log.01", "a.log.0", "b.log.1", "a.log.1.gz.tmp", "a.log."};
    for (const auto& name : others) folder.write(name, name);
    folder.write("a.log", "new");
    EXPECT_FALSE(Backups{folder / "a.log"}.rotate(1));
    folder.write("a.log", "newer");
    EXPECT_FALSE(Backups{folder / "a.log"}.rotate(1));
    auto want = others;
    want.insert("a.log.1");
    EXPECT_EQ(folder.names(), want);
    for (const auto& name : others) EXPECT_EQ(folder.text(name), name);
}

TEST(Backups, OfACrashWhileCompressingAreMadeAgainFromTheOriginal)
{
    const TemporaryFolder folder;
    folder.write("a.log.1", "original");
    folder.write("a.log.1.gz", "complete, but the original is still here");
    folder.write("a.log.2.gz", "an older one");
    folder.write("a.log.compressing", "half of");
    const Backups backups{folder / "a.log"};
    backups.remove_leftovers();
    EXPECT_EQ(folder.names(), (Names{"a.log.1", "a.log.2.gz"}));
    EXPECT_EQ(backups.uncompressed(), folder / "a.log.1");
}

TEST(Backups, AreReplacedWhereverRotationHasMovedThem)
{
    const TemporaryFolder folder;
    Backups backups{folder / "a.log"};
    folder.write("a.log", "first");
    EXPECT_FALSE(backups.rotate(10));
    const auto first = inode(folder / "a.log.1");
    folder.write("a.log.compressing", "compressed");
    folder.write("a.log", "second");
    EXPECT_FALSE(backups.rotate(10)); // meanwhile
    EXPECT_FALSE(backups.replace(first, Compression::zstd));
    EXPECT_EQ(folder.names(), (Names{"a.log.1", "a.log.2.zst"}));
    EXPECT_EQ(folder.text("a.log.2.zst"), "compressed");
    EXPECT_EQ(backups.uncompressed(), folder / "a.log.1");
}

TEST(Backups, ThatAreGoneMeanwhileLeaveNothingBehind)
{
    const TemporaryFolder folder;
    folder.write("a.log.compressing", "compressed");
    EXPECT_FALSE(Backups{folder / "a.log"}.replace(4711, Compression::gzip));
    EXPECT_TRUE(folder.names().empty());
}

TEST(Backups, TooOldAreRemoved)
{
    const TemporaryFolder folder;
    folder.write("a.log.1", "young");
    folder.write("a.log.2.gz", "old");
    const auto now = std::filesystem::file_time_type::clock::now();
    std::filesystem::last_write_time(folder / "a.log.2.gz", now - std::chrono::hours{48});
    Backups{folder / "a.log"}.remove_older(now - std::chrono::hours{24});
    EXPECT_EQ(folder.names(), (Names{"a.log.1"}));
}

TEST(Backups, SayWhyTheyCannotBeMade)
{
    const TemporaryFolder folder;
    EXPECT_EQ(Backups{folder / "a.log"}.rotate(3), std::errc::no_such_file_or_directory);
}

} // namespace
} // namespace pandora::supervisor::logs
