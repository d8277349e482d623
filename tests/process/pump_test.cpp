// The capture of output with real pipes, files and threads.
#include "supervisor/logs/limits.hpp"
#include "supervisor/logs/pipe_set.hpp"
#include "supervisor/logs/pump.hpp"
#include "tests/process/stuck_disk.hpp"
#include "tests/unit/supervisor/logs/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace pandora::supervisor::logs {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto patience = 60s; // a test fails by it only when something is wrong, however slow the machine

template <class Condition>
[[nodiscard]] bool comes_true(Condition condition)
{
    for (const auto end = std::chrono::steady_clock::now() + patience; !condition();) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

/// A worker's end of a pipe whose other end the pump has.
class Worker {
public:
    Worker(Pump& pump, Source source)
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error{errno, std::generic_category(), "pipe2"};
        writer_ = os::UniqueFd{ends[1]};
        pump.attach(std::move(source), os::UniqueFd{ends[0]});
    }

    bool write(std::string_view text)
    {
        while (!text.empty()) {
            const auto done = ::write(writer_.get(), text.data(), text.size());
            if (done < 0) return false;
            text.remove_prefix(static_cast<std::size_t>(done));
        }
        return true;
    }

    void close() { writer_ = os::UniqueFd{}; }

private:
    os::UniqueFd writer_;
};

class Pumps : public testing::Test {
protected:
    Pumps() { start(); }

    void start() { pump_ = std::make_unique<Pump>(console_.get(), 3); }

    void stop() { pump_.reset(); }

    Source source(const std::string& process, Output output = {}, Stream stream = Stream::out)
    {
        return {.instance = {process, 0},
                .label = process,
                .stream = stream,
                .output = std::make_shared<const Output>(std::move(output)),
                .watch = {}};
    }

    Output to_file(const std::string& name)
    {
        Output output;
        output.out_file = output.err_file = folder_ / name;
        output.console = false;
        return output;
    }

    std::string console() const { return folder_.text("console"); }

    /// All of a log, its backups first, oldest first.
    std::string whole_log(const std::string& name) const
    {
        std::string text;
        for (auto number = folder_.names().size(); number > 0; --number)
            text += folder_.text(name + "." + std::to_string(number));
        return text + folder_.text(name);
    }

    const TemporaryFolder folder_;
    os::UniqueFd console_{::open((folder_ / "console").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    std::unique_ptr<Pump> pump_;
};

std::string numbered_lines(int from, int to)
{
    std::string text;
    for (int n = from; n < to; ++n) text += "line " + std::to_string(n) + "\n";
    return text;
}

TEST_F(Pumps, ShowKeepAndCountWhatAWorkerWrites)
{
    auto output = to_file("web.log");
    output.console = true;
    Worker out{*pump_, source("web", output)};
    Worker err{*pump_, source("web", output, Stream::err)};
    out.write("hello\n");
    ASSERT_TRUE(comes_true([&] { return pump_->tail({"web", 0}, 10).size() == 1; }));
    err.write("\x1b]0;title\x07oops\n");
    ASSERT_TRUE(comes_true([&] { return pump_->tail({"web", 0}, 10).size() == 2; }));
    const auto lines = pump_->tail({"web", 0}, 10);
    EXPECT_EQ(lines[0].text, "hello");
    EXPECT_EQ(lines[0].stream, Stream::out);
    EXPECT_EQ(lines[1].stream, Stream::err);
    EXPECT_EQ(pump_->tail({"web", 0}, 10, lines[0].position + 1).size(), 1U);
    EXPECT_TRUE(pump_->tail({"web", 1}, 10).empty());
    EXPECT_EQ(pump_->counts().at("web").lines, 2U);
    EXPECT_EQ(pump_->counts().at("web").bytes, 21U);
    stop();
    EXPECT_EQ(console(), "web | hello\nweb | \\x1b]0;title\\x07oops\n");
    EXPECT_EQ(folder_.text("web.log"), "hello\n\x1b]0;title\x07oops\n");
}

TEST_F(Pumps, LoseNothingThatIsInAPipeAtTheEnd)
{
    Worker web{*pump_, source("web", to_file("web.log"))};
    Worker store{*pump_, source("store", to_file("store.log"))};
    const auto text = numbered_lines(0, 4'000);
    ASSERT_TRUE(web.write(text + "no newline"));
    ASSERT_TRUE(store.write("half a character \xE2\x82"));
    stop();
    EXPECT_EQ(folder_.text("web.log"), text + "no newline");
    EXPECT_EQ(folder_.text("store.log"), "half a character \xE2\x82");
}

TEST_F(Pumps, ShowAnUnfinishedLineAfterAWhile)
{
    Worker web{*pump_, source("web")};
    web.write("prompt> \xE2\x82");
    ASSERT_TRUE(comes_true([&] { return console() == "web | prompt> \n"; })) << console();
    web.write("\xAC answer\n");
    ASSERT_TRUE(comes_true([&] { return console() == "web | prompt> \nweb | \xE2\x82\xAC answer\n"; })) << console();
}

TEST_F(Pumps, RotateWithoutLosingOrSplittingALine)
{
    auto output = to_file("web.log");
    output.rotation = {.max_size = 100'000, .max_backups = 0};
    std::string all;
    for (int run = 0; run < 3; ++run) { // a restart opens the file again
        Worker web{*pump_, source("web", output)};
        for (int n = 0; n < 40; ++n) {
            const auto text = numbered_lines(n * 1'000, (n + 1) * 1'000);
            ASSERT_TRUE(web.write(text));
            all += text;
        }
        web.close();
        pump_->ended({"web", 0});
    }
    stop();
    EXPECT_EQ(whole_log("web.log"), all);
    EXPECT_GT(folder_.names().size(), 10U);
    for (const auto& name : folder_.names()) {
        EXPECT_LE(folder_.text(name).size(), 100'000U) << name;
        if (name != "console") {
            EXPECT_TRUE(folder_.text(name).ends_with('\n')) << name;
        }
    }
}

TEST_F(Pumps, KeepTheLinesOfOneFilesManyWritersApart)
{
    constexpr int lines = 5'000;
    auto output = to_file("all.log");
    output.name_in_front = true;
    std::vector<std::thread> workers;
    for (const std::string name : {"a", "b", "c"})
        workers.emplace_back([&, name, worker = std::make_shared<Worker>(*pump_, source(name, output))] {
            for (int n = 0; n < lines; ++n) {
                worker->write(name + name);
                worker->write(name + std::to_string(n) + "\n");
            }
        });
    for (auto& worker : workers) worker.join();
    stop();
    std::map<std::string, int> next;
    std::ifstream file{folder_ / "all.log"};
    for (std::string line; std::getline(file, line);) {
        const auto name = line.substr(0, 1);
        ASSERT_EQ(line, name + " | " + name + name + name + std::to_string(next[name]++));
    }
    EXPECT_EQ(next["a"] + next["b"] + next["c"], 3 * lines);
}

TEST_F(Pumps, TellOfTheLineThatIsWaitedFor)
{
    std::atomic<int> seen{0};
    auto out = source("web");
    out.watch.emplace("listening on .*:[0-9]+", [&] { ++seen; });
    auto err = out;
    err.stream = Stream::err;
    Worker first{*pump_, out};
    Worker second{*pump_, err};
    first.write("starting\n");
    second.write("listening on 0.0.0.0:80\n");
    ASSERT_TRUE(comes_true([&] { return seen == 1; }));
    first.write("listening on 0.0.0.0:80\n");
    ASSERT_TRUE(comes_true([&] { return pump_->counts().at("web").lines == 3; }));
    stop();
    EXPECT_EQ(seen, 1);
}

TEST_F(Pumps, ReadOnWhatAProcessLeftBehindWrites)
{
    Worker escaped{*pump_, source("web", to_file("web.log"))};
    pump_->ended({"web", 0});
    Worker next{*pump_, source("web", to_file("web.log"))};
    ASSERT_TRUE(escaped.write("still here\n"));
    ASSERT_TRUE(comes_true([&] { return folder_.text("web.log") == "still here\n"; }));
    ASSERT_TRUE(next.write("next run\n"));
    ASSERT_TRUE(comes_true([&] { return folder_.text("web.log") == "still here\nnext run\n"; }));
}

TEST_F(Pumps, KeepABoundedNumberOfPipesThatOutliveTheirRuns)
{
    std::vector<Worker> escaped;
    for (std::size_t run = 0; run < lingering_pipes_max + 3; ++run) {
        escaped.emplace_back(*pump_, source("web"));
        ASSERT_TRUE(escaped.back().write("run " + std::to_string(run) + "\n"));
        pump_->ended({"web", 0});
    }
    ASSERT_TRUE(comes_true([&] { return pump_->counts().at("web").lines == escaped.size(); })) << "nothing is lost";
    ::signal(SIGPIPE, SIG_IGN);
    for (std::size_t run = 0; run < escaped.size(); ++run) {
        const bool is_read = run >= 3;
        EXPECT_EQ(comes_true([&] { return escaped[run].write("more\n") == is_read; }), true) << run;
    }
}

TEST_F(Pumps, ReadAPipeThatOutlivesItsRunForSoLongAsItIsNotSilent)
{
    Console console{console_.get(), Colours::off, 3};
    FileWriter files{{[](const std::string&) {}, [] {}}};
    const os::UniqueFd epoll{::epoll_create1(EPOLL_CLOEXEC)};
    PipeSet pipes{epoll.get(), console, files};
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    const os::UniqueFd writer{ends[1]};
    const auto origin = std::make_shared<const Origin>(Origin{source("web"), 1, std::make_shared<Counters>()});
    pipes.adopt(origin, os::UniqueFd{ends[0]}, std::make_shared<Tail>());
    pipes.ended({"web", 0});

    ::signal(SIGPIPE, SIG_IGN);
    const auto begin = std::chrono::steady_clock::now();
    pipes.perform_due(begin + linger_max - 1s);
    ASSERT_EQ(::write(writer.get(), "x\n", 2), 2);
    EXPECT_LE(pipes.due(), begin + linger_max + 1s);
    pipes.perform_due(begin + linger_max + 1s);
    EXPECT_EQ(::write(writer.get(), "x\n", 2), -1);
    EXPECT_EQ(origin->counters->read().lines, 1U) << "what was in it has been read";
    console.write_some();
    EXPECT_THAT(this->console(), HasSubstr("its output is read no more"));
}

TEST_F(Pumps, LeaveWorkersAloneWhileTheDiskIsStuck)
{
    auto output = to_file("web.log");
    folder_.write("web.log", "before\n");
    auto disk = StuckDisk::make(folder_ / "web.log");
    if (!disk) GTEST_SKIP() << "this machine does not let us stop a disk";
    Worker web{*pump_, source("web", output)};
    Worker other{*pump_, source("other")};
    constexpr std::size_t total = 3 * queued_bytes_max_of_file;
    const auto begin = std::chrono::steady_clock::now();
    std::size_t written = 0;
    for (int n = 0; written < total; ++n) {
        const auto text = numbered_lines(n * 10'000, (n + 1) * 10'000);
        ASSERT_TRUE(web.write(text));
        written += text.size();
    }
    ASSERT_TRUE(other.write("hello\n"));
    ASSERT_TRUE(comes_true([&] { return !pump_->tail({"other", 0}, 1).empty(); }));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, patience);
    ASSERT_TRUE(comes_true([&] { return pump_->counts().at("web").dropped_lines > 0; }));
    EXPECT_THAT(console(), HasSubstr("web.log: the disk is too slow; lines are dropped"));
    disk.reset(); // it goes on
    web.write("after\n");
    ASSERT_TRUE(comes_true([&] { return console().find("works again; dropped") != std::string::npos; }));
    const auto counts = pump_->counts().at("web");
    stop();
    const auto log = folder_.text("web.log");
    EXPECT_EQ(log.size() - StuckDisk::bytes_left_behind - 7 + counts.dropped_bytes, written + 6);
    EXPECT_TRUE(log.ends_with("after\n"));
}

TEST_F(Pumps, EndThoughTheDiskIsStuck)
{
    folder_.write("web.log", "");
    auto disk = StuckDisk::make(folder_ / "web.log");
    if (!disk) GTEST_SKIP() << "this machine does not let us stop a disk";
    Worker web{*pump_, source("web", to_file("web.log"))};
    web.write("lost\n");
    stop();
    EXPECT_THAT(console(), HasSubstr("a disk is stuck"));
    disk.reset();
    ASSERT_TRUE(comes_true([&] { return folder_.text("web.log").ends_with("lost\n"); })) << "the thread left behind";
}

TEST_F(Pumps, CostLittleForAThousandSilentWorkers)
{
    if (std::string{PANDORA_SANITIZE}.size() > 0) GTEST_SKIP() << "memory under a sanitizer says nothing";
    constexpr int workers_max = 1'000;
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < 4 * workers_max + 100) GTEST_SKIP() << "too few descriptors";
    const auto resident = [] {
        std::ifstream statm{"/proc/self/statm"};
        std::size_t size = 0;
        std::size_t pages = 0;
        statm >> size >> pages;
        return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    };
    Worker{*pump_, source("first")}.write("warm\n"); // the buffer that all of them share
    ASSERT_TRUE(comes_true([&] { return !pump_->tail({"first", 0}, 1).empty(); }));
    std::vector<Worker> workers;
    workers.reserve(2 * workers_max);
    const auto output = std::make_shared<const Output>();
    const auto before = resident();
    for (int n = 0; n < workers_max; ++n)
        for (const auto stream : {Stream::out, Stream::err}) {
            auto one = source("w" + std::to_string(n), {}, stream);
            one.output = output;
            workers.emplace_back(*pump_, std::move(one));
        }
    workers.back().write("all are adopted\n");
    const InstanceKey last{"w" + std::to_string(workers_max - 1), 0};
    ASSERT_TRUE(comes_true([&] { return !pump_->tail(last, 1).empty(); }));
    EXPECT_LT(resident() - before, 2'000'000U);
}

} // namespace
} // namespace pandora::supervisor::logs
