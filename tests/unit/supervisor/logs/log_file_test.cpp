#include "supervisor/logs/log_file.hpp"
#include "tests/unit/supervisor/logs/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pandora::supervisor::logs {
namespace {

using namespace std::chrono_literals;

const SteadyTime start = SteadyTime{} + 1000h;

class LogFiles : public testing::Test {
protected:
    std::shared_ptr<const Origin> origin(const std::string& process, Output output = {})
    {
        Source source{.instance = {process, 0},
                      .label = process,
                      .output = std::make_shared<const Output>(std::move(output)),
                      .watch = {}};
        return std::make_shared<const Origin>(Origin{std::move(source), ++number_, std::make_shared<Counters>()});
    }

    void add(const std::shared_ptr<const Origin>& from, std::string_view text, SteadyTime now = start)
    {
        file_.add({from, nullptr, {text, false}, {}}, now);
    }

    /// Nothing can be made in its place.
    void break_disk()
    {
        file_.close(start);
        std::filesystem::remove_all(folder_ / "logs");
        folder_.write("logs", "a file where the folder should be");
    }

    void repair_disk() { std::filesystem::remove(folder_ / "logs"); }

    const TemporaryFolder folder_;
    std::vector<std::string> said_;
    Compressor compressor_{[](const std::string&) {}};
    LogFile file_{folder_ / "logs/a.log", compressor_, [this](std::string text) { said_.push_back(std::move(text)); }};
    std::uint64_t number_ = 0;
};

TEST_F(LogFiles, GatherWhatIsSmallAndKeepTheOrder)
{
    const auto web = origin("web");
    add(web, "one\n");
    EXPECT_EQ(folder_.text("logs/a.log"), "");
    const std::string large(100'000, 'x');
    add(web, large + "\n");
    add(web, "two\n");
    EXPECT_EQ(folder_.text("logs/a.log"), "one\n" + large + "\n");
    file_.flush(start);
    EXPECT_EQ(folder_.text("logs/a.log"), "one\n" + large + "\ntwo\n");
    EXPECT_TRUE(said_.empty());
}

TEST_F(LogFiles, SurviveADiskThatFailsAndSayItOnce)
{
    const auto web = origin("web");
    const auto store = origin("store");
    break_disk();
    add(web, "lost\n");
    add(store, "lost, too\nand this\n");
    file_.flush(start);
    for (int n = 0; n < 1000; ++n) add(web, "x\n", start + 500ms);
    ASSERT_EQ(said_.size(), 1U);
    EXPECT_TRUE(said_[0].ends_with("; lines are dropped until it works again")) << said_[0];
    EXPECT_EQ(web->counters->read().dropped_lines, 1001U);
    EXPECT_EQ(store->counters->read().dropped_lines, 2U);
    EXPECT_EQ(store->counters->read().dropped_bytes, 19U);
    EXPECT_EQ(web->counters->read().write_errors, 1U) << "a broken disk is not tried for each line";

    repair_disk();
    add(web, "works\n", start + 1s);
    file_.flush(start + 1s);
    ASSERT_EQ(said_.size(), 2U);
    EXPECT_EQ(said_[1], (folder_ / "logs/a.log").string() + ": works again; dropped 1003 lines (2024 bytes)");
    EXPECT_EQ(folder_.text("logs/a.log"), "works\n");
}

TEST_F(LogFiles, TryAgainAfterAWhileOnly)
{
    const auto web = origin("web");
    break_disk();
    add(web, "1\n", start);
    file_.flush(start);
    add(web, "2\n", start + 1s);
    file_.flush(start + 1s);
    EXPECT_EQ(web->counters->read().write_errors, 2U);
    EXPECT_EQ(said_.size(), 1U);
}

TEST_F(LogFiles, CountTheirRotations)
{
    Output output;
    output.rotation = {.max_size = 10, .max_backups = 2};
    const auto web = origin("web", output);
    for (int n = 0; n < 10; ++n) add(web, "1234567\n");
    file_.flush(start);
    EXPECT_EQ(web->counters->read().rotations, 9U);
    EXPECT_TRUE(std::filesystem::exists(folder_ / "logs/a.log.2"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "logs/a.log.3"));
}

TEST_F(LogFiles, EndALineThatTheLastRunLeftOpen)
{
    add(origin("web"), "no newline");
    file_.close(start);
    add(origin("web"), "next run\n");
    file_.flush(start);
    EXPECT_EQ(folder_.text("logs/a.log"), "no newline\nnext run\n");
}

TEST_F(LogFiles, RemoveOldBackupsInTime)
{
    Output output;
    output.rotation = {.max_age = 24h};
    add(origin("web", output), "x\n");
    file_.flush(start);
    folder_.write("logs/a.log.1", "old");
    std::filesystem::last_write_time(folder_ / "logs/a.log.1", std::filesystem::file_time_type::clock::now() - 48h);
    ASSERT_TRUE(file_.due());
    file_.perform_due(*file_.due());
    EXPECT_FALSE(std::filesystem::exists(folder_ / "logs/a.log.1"));
    EXPECT_GT(*file_.due(), start) << "not at once again";
}

} // namespace
} // namespace pandora::supervisor::logs
