#include "supervisor/os/durable_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace pandora::supervisor::os {
namespace {

namespace fs = std::filesystem;

class DurableFileTest : public testing::Test {
protected:
    DurableFileTest()
    {
        std::string name = fs::temp_directory_path() / "pandora-test-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }

    ~DurableFileTest() override { fs::remove_all(folder_); }

    static unsigned mode(const fs::path& path) { return static_cast<unsigned>(fs::status(path).permissions()); }

    fs::path folder_;
};

TEST_F(DurableFileTest, WhatIsNotThereReadsAsNothing) { EXPECT_EQ(read_file(folder_ / "none"), ""); }

TEST_F(DurableFileTest, IsReadAsItWasWrittenHoweverLong)
{
    const auto file = folder_ / "a/b/file";
    const std::string text = std::string(300'000, 'x') + '\0' + "end";
    replace_file(file, "something longer than nothing");
    replace_file(file, text);
    EXPECT_EQ(read_file(file), text);
    replace_file(file, "");
    EXPECT_EQ(read_file(file), "");
}

TEST_F(DurableFileTest, IsForItsOwnerAloneAndSoIsAFolderMadeForIt)
{
    const auto file = folder_ / "made/file";
    replace_file(file, "secret");
    EXPECT_EQ(mode(file), 0600U);
    EXPECT_EQ(mode(file.parent_path()), 0700U);
    EXPECT_EQ(std::distance(fs::directory_iterator{file.parent_path()}, {}), 1) << "nothing is left beside it";
}

TEST_F(DurableFileTest, ALeftoverOfAnEarlierAttemptIsTakenAndClosedToOthers)
{
    const auto file = folder_ / "file", leftover = folder_ / "file.new";
    std::ofstream{leftover} << std::string(1'000, 'y');
    fs::permissions(leftover, fs::perms{0644});
    replace_file(file, "text");
    EXPECT_EQ(read_file(file), "text");
    EXPECT_EQ(mode(file), 0600U);
    EXPECT_FALSE(fs::exists(leftover));
}

TEST_F(DurableFileTest, ALinkIsNeverFollowed)
{
    const auto secret = folder_ / "secret", file = folder_ / "file";
    std::ofstream{secret} << "secret";
    fs::create_symlink(secret, file);
    EXPECT_THROW(read_file(file), std::system_error);
    fs::create_symlink(secret, folder_ / "file.new");
    EXPECT_THROW(replace_file(file, "text"), std::system_error);
    EXPECT_EQ(read_file(secret), "secret");
    fs::remove(folder_ / "file.new");
    replace_file(file, "text");
    EXPECT_FALSE(fs::is_symlink(file)) << "it is the link that is replaced";
    EXPECT_EQ(read_file(secret), "secret");
}

TEST_F(DurableFileTest, SaysWhichFileItWas)
{
    std::ofstream{folder_ / "file"} << "no folder";
    try {
        replace_file(folder_ / "file/below", "text");
        ADD_FAILURE();
    } catch (const std::system_error& error) {
        EXPECT_NE(std::string{error.what()}.find((folder_ / "file").string()), std::string::npos) << error.what();
    }
}

} // namespace
} // namespace pandora::supervisor::os
