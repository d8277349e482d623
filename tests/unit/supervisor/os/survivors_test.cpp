// Against a folder that looks like /proc; the real one is for the process tests.
#include "supervisor/os/survivors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace pandora::supervisor::os {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(VariableIn, FindsTheValueOfTheWholeNameAlone)
{
    const auto block = "A=1\0PANDORA_RUN_ID=abc\0EMPTY=\0LAST=x=y\0"s;
    EXPECT_EQ(variable_in(block, "PANDORA_RUN_ID"), "abc");
    EXPECT_EQ(variable_in(block, "A"), "1");
    EXPECT_EQ(variable_in(block, "EMPTY"), "");
    EXPECT_EQ(variable_in(block, "LAST"), "x=y");
    EXPECT_EQ(variable_in("CUT=off"s, "CUT"), "off");
    for (const char* name : {"PANDORA_RUN", "RUN_ID", "B", "x", "1"}) EXPECT_FALSE(variable_in(block, name)) << name;
    EXPECT_FALSE(variable_in("", "A"));
    EXPECT_FALSE(variable_in("\0\0"s, "A"));
}

class FindSurvivorsTest : public testing::Test {
protected:
    FindSurvivorsTest()
    {
        auto pattern = (fs::temp_directory_path() / "pandora-proc-XXXXXX").string();
        if (!::mkdtemp(pattern.data())) throw std::runtime_error{"mkdtemp"};
        proc_ = pattern;
        fs::create_directories(proc_ / "sys");
    }

    ~FindSurvivorsTest() override { fs::remove_all(proc_); }

    void process(pid_t pid, pid_t parent, const std::string& environment, const std::string& state = "S",
                 unsigned flags = 0) const
    {
        const auto folder = proc_ / std::to_string(pid);
        fs::create_directories(folder);
        std::ofstream{folder / "stat"} << pid << " (a name) " << state << " " << parent << " 1 1 0 -1 " << flags
                                       << " 0 0 0 0 0 0 0 0 20 0 1 0 " << 100 + pid << " 0 0\n";
        std::ofstream{folder / "environ"} << environment;
    }

    std::vector<pid_t> found(const SurvivorMarks& marks) const
    {
        std::vector<pid_t> pids;
        for (const auto& survivor : find_survivors(marks, proc_)) pids.push_back(survivor.pid);
        return pids;
    }

    fs::path proc_;
    const std::vector<uid_t> own_{::geteuid()};
};

TEST_F(FindSurvivorsTest, KnowsThoseOfARunByTheirEnvironmentAndWhomTheyBelongTo)
{
    process(1'000'010, 1, "PANDORA_RUN_ID=abc\0PANDORA_PROCESS=web\0PANDORA_INSTANCE=1\0"s);
    process(1'000'011, 1, "PANDORA_RUN_ID=another\0"s);
    process(1'000'012, 1, "");
    const auto survivors = find_survivors({.run_id = "abc", .uids = own_}, proc_);
    EXPECT_THAT(survivors, ElementsAre(Survivor{1'000'010, 1'000'110, "a name", "web", "1"}));
}

TEST_F(FindSurvivorsTest, DoesNotReadTheEnvironmentOfOtherUsers)
{
    process(1'000'010, 1, "PANDORA_RUN_ID=abc\0"s);
    EXPECT_THAT(found({.run_id = "abc", .uids = {::geteuid() + 1}}), IsEmpty());
}

TEST_F(FindSurvivorsTest, AnEmptyIdMarksNobody)
{
    process(1'000'010, 1, "PANDORA_RUN_ID=\0"s);
    EXPECT_THAT(found({.run_id = "", .uids = own_}), IsEmpty());
}

TEST_F(FindSurvivorsTest, ADescendantNeedsNoMarkInItsEnvironment)
{
    process(1'000'010, 1, "");
    process(1'000'011, 1'000'010, "");
    process(1'000'012, 1'000'011, "");
    process(1'000'013, 1, "");
    EXPECT_THAT(found({.uids = own_, .ancestor = 1'000'010}), ElementsAre(1'000'011, 1'000'012));
}

TEST_F(FindSurvivorsTest, SparesTheExceptedAndWhatDescendsFromThem)
{
    process(1'000'010, 1, "");
    process(1'000'011, 1'000'010, "PANDORA_RUN_ID=abc\0"s);
    process(1'000'012, 1'000'011, "PANDORA_RUN_ID=abc\0"s);
    process(1'000'013, 1'000'010, "PANDORA_RUN_ID=abc\0"s);
    EXPECT_THAT(found({.run_id = "abc", .uids = own_, .ancestor = 1'000'010, .excepted = {1'000'011}}),
                ElementsAre(1'000'013));
}

TEST_F(FindSurvivorsTest, ZombiesDoNotCount)
{
    process(1'000'010, 1, "PANDORA_RUN_ID=abc\0"s, "Z");
    EXPECT_THAT(found({.run_id = "abc", .uids = own_}), IsEmpty());
}

TEST_F(FindSurvivorsTest, EverythingIsEverythingButKernelThreadsAndOurselves)
{
    process(1'000'010, 1, "");
    process(1'000'011, 2, "", "S", 0x00200000);
    process(::getpid(), 1, "");
    EXPECT_THAT(found({.everything = true}), ElementsAre(1'000'010));
}

} // namespace
} // namespace pandora::supervisor::os
