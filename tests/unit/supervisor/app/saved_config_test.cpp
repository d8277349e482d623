#include "hub/config/journal.hpp"
#include "supervisor/app/saved_config.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace pandora::supervisor::app {
namespace {

namespace fs = std::filesystem;
using control::ConfigPiece;

std::string line(std::uint64_t version)
{
    return hub::config::to_line({hub::config::Version{version}, "colour", std::to_string(version)});
}

class SavedConfigTest : public testing::Test {
protected:
    SavedConfigTest()
    {
        std::string name = fs::temp_directory_path() / "pandora-test-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }

    ~SavedConfigTest() override { fs::remove_all(folder_); }

    SavedConfig open(const fs::path& file)
    {
        return {io_, file, [this](const std::string& trouble) { complaints_.push_back(trouble); }};
    }

    boost::asio::io_context io_;
    fs::path folder_;
    std::vector<std::string> complaints_;
};

TEST_F(SavedConfigTest, WithoutAFileItIsKeptAsLongAsTheMasterLives)
{
    auto config = open({});
    EXPECT_EQ(config.piece_at(0), (ConfigPiece{"", true, true}));
    config.add({"one\n"});
    EXPECT_EQ(config.piece_at(0), (ConfigPiece{"one\n", true, true}));
    EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(SavedConfigTest, TheNewestStateIsThereInTheNextLifeAndForNobodyElse)
{
    const auto file = folder_ / "state/app/config";
    {
        auto config = open(file);
        for (std::uint64_t n = 1; n < 100; ++n) config.add({line(n), true, true});
        config.add({line(100)});
    }
    EXPECT_EQ(open(file).piece_at(0).text, line(99) + line(100));
    EXPECT_TRUE(complaints_.empty());

    struct stat info {};

    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);
    ASSERT_EQ(::stat(file.parent_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U);
    EXPECT_EQ(std::distance(fs::directory_iterator{file.parent_path()}, {}), 1) << "no file is left beside it";
}

TEST_F(SavedConfigTest, OfADamagedFileTheRestIsTakenAndTheWholeIsKept)
{
    const auto file = folder_ / "config";
    auto damaged = line(1) + line(2);
    damaged[20] ^= 1;
    std::ofstream{file} << damaged;
    EXPECT_EQ(open(file).piece_at(0).text, damaged) << "who reads it skips what says nothing";
    ASSERT_EQ(complaints_.size(), 1U);
    EXPECT_NE(complaints_[0].find(": 1 lines of " + file.string()), std::string::npos) << complaints_[0];
    std::ostringstream kept;
    kept << std::ifstream{file.string() + ".damaged"}.rdbuf();
    EXPECT_EQ(kept.str(), damaged);
}

TEST_F(SavedConfigTest, OfADamagedFileThatCannotBeKeptTheRestIsTakenNevertheless)
{
    const auto file = folder_ / "config";
    std::ofstream{file} << line(1) << "nonsense\n";
    fs::create_directory(file.string() + ".damaged");
    std::ofstream{file.string() + ".damaged/full"} << "in the way";
    EXPECT_EQ(open(file).piece_at(0).text, line(1) + "nonsense\n");
    ASSERT_EQ(complaints_.size(), 1U);
    EXPECT_NE(complaints_[0].find("1 lines of " + file.string()), std::string::npos) << complaints_[0];
    EXPECT_NE(complaints_[0].find("it is not kept: "), std::string::npos) << complaints_[0];
}

TEST_F(SavedConfigTest, ALinkInItsPlaceIsNotFollowed)
{
    const auto file = folder_ / "config";
    std::ofstream{folder_ / "secret"} << "secret";
    fs::create_symlink(folder_ / "secret", file);
    EXPECT_EQ(open(file).piece_at(0).text, "");
    ASSERT_EQ(complaints_.size(), 1U);
    EXPECT_NE(complaints_[0].find("cannot open"), std::string::npos) << complaints_[0];
}

TEST_F(SavedConfigTest, WhatCannotBeWrittenIsSaidOnceAndKeptInMemory)
{
    std::ofstream{folder_ / "file"} << "no folder";
    auto config = open(folder_ / "file/config");
    const auto work = boost::asio::make_work_guard(io_);
    for (const char* line : {"one\n", "two\n"}) {
        config.add({line});
        io_.run_one(); // what came of it
    }
    EXPECT_EQ(config.piece_at(0).text, "one\ntwo\n");
    EXPECT_EQ(complaints_.size(), 1U);
}

TEST_F(SavedConfigTest, WhatIsSaidAgainTakesThePlaceOfTheOldOnlyWhenItIsComplete)
{
    auto config = open({});
    config.add({"old\n"});
    config.add({"new 1\n", true, false});
    EXPECT_EQ(config.piece_at(0).text, "old\nnew 1\n") << "the hub may end now";
    config.add({"new 2\n", false, true});
    EXPECT_EQ(config.piece_at(0).text, "new 1\nnew 2\n");
}

TEST_F(SavedConfigTest, WhatIsLongIsHandedOutLineByLine)
{
    auto config = open({});
    const std::string line(control::config_piece_bytes / 2, 'x');
    for (int n = 0; n < 3; ++n) config.add({line + "\n"});
    std::string all;
    int pieces = 0;
    for (bool more = true; more; ++pieces) {
        const auto piece = config.piece_at(all.size());
        EXPECT_EQ(piece.text.back(), '\n');
        all += piece.text;
        more = !piece.ends;
    }
    EXPECT_EQ(pieces, 3);
    EXPECT_EQ(all, line + "\n" + line + "\n" + line + "\n");
}

} // namespace
} // namespace pandora::supervisor::app
