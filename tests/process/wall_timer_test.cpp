// WallTimer against the real kernel. Nobody sets the machine's clock for a test: the kernel's word that it was set is
// put into the child's system calls by a seccomp filter.
#include "supervisor/os/wall_timer.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace pandora::supervisor::os {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

class WallTimerTest : public testing::Test {
protected:
    auto told(int number)
    {
        return [this, number](const WallTimer::Woken& woken) {
            told_.push_back(std::holds_alternative<WallTimer::Due>(woken) ? number : -number);
        };
    }

    bool run_until_told()
    {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (told_.empty() && std::chrono::steady_clock::now() < end) {
            io_.restart();
            io_.run_one_for(100ms);
        }
        return !told_.empty();
    }

    boost::asio::io_context io_;
    std::vector<int> told_; // negative: that the clock was set
};

TEST_F(WallTimerTest, TellsWhenTheTimeHasCome)
{
    WallTimer timer{io_};
    const auto until = system_clock::now() + 50ms;
    timer.wait(until, told(1));
    ASSERT_TRUE(run_until_told());
    EXPECT_GE(system_clock::now(), until);
    EXPECT_EQ(told_, std::vector{1});
}

TEST_F(WallTimerTest, WhatIsPastIsDueAtOnce)
{
    for (const auto until : {system_clock::now() - 1h, system_clock::time_point{}, system_clock::time_point::min()}) {
        told_.clear();
        WallTimer timer{io_};
        timer.wait(until, told(1));
        EXPECT_TRUE(run_until_told());
        EXPECT_EQ(told_, std::vector{1});
    }
}

TEST_F(WallTimerTest, ANewWaitReplacesTheOneBefore)
{
    WallTimer timer{io_};
    timer.wait(system_clock::now(), told(1));
    timer.wait(system_clock::now() + 10ms, told(2));
    ASSERT_TRUE(run_until_told());
    EXPECT_EQ(told_, std::vector{2});

    told_.clear();
    timer.wait(system_clock::time_point::max(), told(3));
    timer.wait(system_clock::now(), told(4));
    ASSERT_TRUE(run_until_told());
    EXPECT_EQ(told_, std::vector{4});
}

TEST_F(WallTimerTest, WhatIsCancelledOrDroppedTellsNothing)
{
    WallTimer kept{io_};
    kept.wait(system_clock::now(), told(1));
    kept.cancel();
    {
        WallTimer dropped{io_};
        dropped.wait(system_clock::now(), told(2));
    }
    WallTimer last{io_};
    last.wait(system_clock::now() + 20ms, told(3));
    ASSERT_TRUE(run_until_told());
    EXPECT_EQ(told_, std::vector{3});
    told_.clear();
    kept.wait(system_clock::now(), told(4));
    ASSERT_TRUE(run_until_told());
    EXPECT_EQ(told_, std::vector{4}) << "after a cancel it goes on";
}

TEST_F(WallTimerTest, MayBeArmedAgainWhileItTells)
{
    WallTimer timer{io_};
    int count = 0;
    std::function<void(WallTimer::Woken)> again = [&](const WallTimer::Woken&) {
        if (++count < 3)
            timer.wait(system_clock::now(), again);
        else
            told_.push_back(count);
    };
    timer.wait(system_clock::now(), again);
    EXPECT_TRUE(run_until_told());
}

/// The descriptor of the one timer on CLOCK_REALTIME; the loop's own is on another clock.
int wall_timer_descriptor()
{
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fdinfo"}) {
        std::ifstream file{entry.path()};
        for (std::string line; std::getline(file, line);)
            if (line == "clockid: 0") return std::stoi(entry.path().filename().string());
    }
    return -1;
}

/// From now on this system call fails with ECANCELED on this descriptor, as on a timer over which the clock was set.
bool cancel_on(unsigned call, int fd)
{
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(fd), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ECANCELED),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{sizeof filter / sizeof *filter, filter};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// Where `call` says that the clock was set, so does the timer: once, with hardly any difference. 77 = no seccomp here.
int clock_set_by(unsigned call)
{
    boost::asio::io_context io;
    WallTimer timer{io};
    const auto fd = wall_timer_descriptor();
    std::vector<WallTimer::Woken> told;
    const auto tell = [&](const WallTimer::Woken& woken) { told.push_back(woken); };
    timer.wait(system_clock::now() + 1h, tell);
    if (!cancel_on(call, fd)) return 77;
    if (call == SYS_read) // what makes the timer readable; in truth the clock's being set does
        timer.wait(system_clock::now(), tell);
    else
        timer.wait(system_clock::now() + 1h, tell);
    while (told.empty() && io.run_one_for(20s) > 0) {
    }
    if (told.size() != 1) return 1;
    const auto* set = std::get_if<WallTimer::ClockSet>(&told.front());
    return set && set->by < 10s && set->by > -10s ? 0 : 2;
}

TEST_F(WallTimerTest, TellsThatTheClockWasSet)
{
    for (const unsigned call : {static_cast<unsigned>(SYS_read), static_cast<unsigned>(SYS_timerfd_settime)}) {
        const auto child = ::fork();
        if (child == 0) ::_exit(clock_set_by(call));
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no seccomp filters here";
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "system call " << call << ": " << status;
    }
}

} // namespace
} // namespace pandora::supervisor::os
