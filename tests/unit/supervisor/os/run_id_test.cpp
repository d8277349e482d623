#include "supervisor/os/run_id.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace pandora::supervisor::os {
namespace {

namespace fs = std::filesystem;

class RunIdTest : public testing::Test {
protected:
    RunIdTest()
    {
        auto pattern = (fs::temp_directory_path() / "pandora-run-XXXXXX").string();
        if (!::mkdtemp(pattern.data())) throw std::runtime_error{"mkdtemp"};
        folder_ = pattern;
    }

    ~RunIdTest() override { fs::remove_all(folder_); }

    fs::path folder_;
};

TEST_F(RunIdTest, IsAnotherEachTime)
{
    const auto id = make_run_id();
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
    EXPECT_NE(id, make_run_id());
}

TEST_F(RunIdTest, OfTheLatestRunIsKept)
{
    EXPECT_EQ(previous_run_id(folder_), "");
    const auto first = make_run_id();
    keep_run_id(folder_, first);
    EXPECT_EQ(previous_run_id(folder_), first);
    const auto second = make_run_id();
    keep_run_id(folder_, second);
    EXPECT_EQ(previous_run_id(folder_), second);
}

TEST_F(RunIdTest, AFileThatWasCutShortNamesNoRun)
{
    for (const char* text :
         {"", "\n", "abc\n", "0123456789abcdef0123456789abcde\n", "../../etc/passwd-no-hex-digits-\n"}) {
        std::ofstream{run_id_file(folder_), std::ios::trunc} << text;
        EXPECT_EQ(previous_run_id(folder_), "") << text;
    }
}

TEST_F(RunIdTest, ThatCannotBeKeptIsAnError)
{
    EXPECT_THROW(keep_run_id(folder_ / "missing", make_run_id()), std::system_error);
}

} // namespace
} // namespace pandora::supervisor::os
