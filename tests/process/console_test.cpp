// Readers of the console: slow ones, and those who stop.
#include "supervisor/logs/console.hpp"
#include "supervisor/logs/limits.hpp"
#include "supervisor/logs/pump.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fcntl.h>
#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace pandora::supervisor::logs {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;

using Clock = std::chrono::steady_clock;

class Consoles : public testing::Test {
protected:
    Consoles()
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error{errno, std::generic_category(), "pipe2"};
        reader_ = os::UniqueFd{ends[0]};
        writer_ = os::UniqueFd{ends[1]};
    }

    /// Empty at the end, once every writer has closed it.
    std::string read_some(std::size_t bytes_max)
    {
        std::string text(bytes_max, '\0');
        const auto bytes = ::read(reader_.get(), text.data(), text.size());
        text.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
        return text;
    }

    std::string read_all()
    {
        writer_ = os::UniqueFd{};
        std::string text;
        for (std::string more = read_some(65'536); !more.empty(); more = read_some(65'536)) text += more;
        return text;
    }

    os::UniqueFd reader_;
    os::UniqueFd writer_;
};

std::size_t lines_in(const std::string& text)
{
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(Consoles, LeaveWhoeverStopsReadingWithWholeLines)
{
    constexpr std::size_t lines = 20'000;
    std::uint64_t lost = 0;
    {
        Console console{writer_.get(), Colours::off, 3};
        for (std::size_t n = 0; n < lines; ++n) console.line("web", 0, std::string(n % 97, 'x'));
        console.end();
        EXPECT_FALSE(console.write_some());
        EXPECT_FALSE(read_some(10'000).empty()); // and then no more
        EXPECT_FALSE(console.write_some());
        lost = console.lines_lost();
    }
    const auto rest = read_all();
    EXPECT_THAT(rest, EndsWith("\n"));
    EXPECT_GT(lines_in(rest) + lost, lines - 2'000) << "but for those of the first 10,000 bytes";
}

/// Long ones leave the buffer some room for the announcement; short ones may fill it to beyond its bound.
TEST_F(Consoles, AnnounceAtTheEndWhatWasDroppedLast)
{
    struct Row {
        std::size_t lines;
        std::size_t bytes;
    };

    for (const auto& [lines, bytes] : {Row{20, 1'000'000}, Row{3'000'000, 3}}) {
        std::string text;
        Console console{writer_.get(), Colours::off, 3};
        for (std::size_t n = 0; n < lines; ++n) console.line("web", 0, std::string(bytes, 'x'));
        console.end();
        while (!console.write_some()) text += read_some(65'536);
        EXPECT_EQ(console.lines_lost(), 0U) << "the reader was told";
        while (console.unread_bytes() > 0) text += read_some(65'536);
        const auto dropped = lines + 1 - lines_in(text);
        EXPECT_GT(dropped, 0U);
        EXPECT_THAT(text.substr(text.size() - 100),
                    EndsWith("x\npandora | " + std::to_string(dropped) + " lines dropped here: nobody read them\n"));
    }
}

/// What is given up at the end of a pump that has something to say.
class PumpEnds : public Consoles {
protected:
    PumpEnds()
    {
        for (std::size_t n = 0; n < lines; ++n) pump_->say("some forty characters of line number " + std::to_string(n));
        writer_ = os::UniqueFd{};
        pump_->finish([this](std::uint64_t lost) { lost_.set_value(lost); });
    }

    std::uint64_t lost() { return lost_.get_future().get(); }

    static constexpr std::size_t lines = 20'000;

    std::promise<std::uint64_t> lost_;
    std::unique_ptr<Pump> pump_ = std::make_unique<Pump>(writer_.get(), 3);
};

TEST_F(PumpEnds, WaitForAReaderHoweverSlow)
{
    std::string text;
    const auto begin = Clock::now();
    std::thread reader{[&] {
        for (std::string more = read_some(16'384); !more.empty(); more = read_some(16'384)) {
            text += more;
            std::this_thread::sleep_for(25ms);
        }
    }};
    EXPECT_EQ(lost(), 0U);
    pump_.reset();
    reader.join();
    EXPECT_GT(Clock::now() - begin, 1s) << "it is slow";
    EXPECT_EQ(lines_in(text), lines);
    EXPECT_THAT(text, EndsWith(" " + std::to_string(lines - 1) + "\n"));
}

TEST_F(PumpEnds, GiveUpAReaderWhoTakesNothing)
{
    const auto begin = Clock::now();
    const auto count = lost();
    EXPECT_GE(Clock::now() - begin, console_patience);
    pump_.reset();
    const auto text = read_all();
    EXPECT_EQ(lines_in(text) + count, lines);
    EXPECT_THAT(text, EndsWith("\n"));
}

TEST_F(PumpEnds, GiveUpAtOnceWhenHurried)
{
    const auto begin = Clock::now();
    pump_->hurry();
    const auto count = lost();
    EXPECT_LT(Clock::now() - begin, console_patience);
    pump_.reset();
    EXPECT_EQ(lines_in(read_all()) + count, lines);
}

TEST_F(PumpEnds, EndAtOnceWhereTheReaderHasGone)
{
    reader_ = os::UniqueFd{};
    EXPECT_EQ(lost(), 0U) << "it wants no more";
}

} // namespace
} // namespace pandora::supervisor::logs
