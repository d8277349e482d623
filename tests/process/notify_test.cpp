// How workers tell that they are ready, against the kernel: the socket of sd_notify(3) and the descriptor of s6.
#include "supervisor/os/notify_fd.hpp"
#include "supervisor/os/notify_socket.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/run_until.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace pandora::supervisor::os {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using tests::support::open_descriptors;
using tests::support::run_until;
using tests::support::send_fds;

struct Pipe {
    UniqueFd reader;
    UniqueFd writer;
};

Pipe make_pipe()
{
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

/// Its last writer is gone.
bool has_ended(const Pipe& pipe)
{
    pollfd one{pipe.reader.get(), 0, 0};
    return ::poll(&one, 1, 0) == 1 && (one.revents & POLLHUP);
}

class NotifySocketTest : public testing::Test {
protected:
    struct Seen {
        pid_t pid;
        uid_t uid;
        std::string text;
        bool has_pidfd;
        bool sender_ended;
    };

    NotifySocketTest()
    {
        auto pattern = (fs::temp_directory_path() / "pandora-notify-XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
        path = folder / "notify.sock";
        start();
    }

    ~NotifySocketTest() override
    {
        socket.reset();
        fs::remove_all(folder);
    }

    void start()
    {
        socket = std::make_unique<NotifySocket>(
            io, path, 0600,
            [this](const NotifySender& sender, std::string_view text) {
                seen.push_back({sender.pid, sender.uid, std::string{text}, sender.pidfd >= 0, sender.has_ended()});
                if (on_received) on_received();
            },
            [this](const NotifySender&, std::string_view why) { refused.emplace_back(why); });
    }

    UniqueFd connect() const
    {
        UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.native().size());
        EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return fd;
    }

    void send(const std::string& text) const
    {
        EXPECT_EQ(::send(connect().get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    }

    void send_with(const std::string& text, const std::vector<int>& fds) const
    {
        EXPECT_TRUE(send_fds(connect().get(), text, fds));
    }

    boost::asio::io_context io;
    fs::path folder, path;
    std::unique_ptr<NotifySocket> socket;
    std::vector<Seen> seen;
    std::vector<std::string> refused;
    std::function<void()> on_received;
};

TEST_F(NotifySocketTest, TellsWhatWasSentAndWhoByTheKernelsWord)
{
    send("READY=1\nSTATUS=up");
    ASSERT_TRUE(run_until(io, [&] { return !seen.empty(); }));
    EXPECT_EQ(seen[0].pid, ::getpid());
    EXPECT_EQ(seen[0].uid, ::getuid());
    EXPECT_EQ(seen[0].text, "READY=1\nSTATUS=up");
    EXPECT_FALSE(seen[0].sender_ended);
}

TEST_F(NotifySocketTest, TellsASenderThatHasEndedFromOneThatLives)
{
    const pid_t child = ::fork();
    if (child == 0) {
        send("READY=1");
        ::_exit(0);
    }
    siginfo_t end{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED), 0);
    ASSERT_TRUE(run_until(io, [&] { return !seen.empty(); }));
    EXPECT_EQ(seen[0].pid, child);
    EXPECT_TRUE(seen[0].sender_ended);
}

TEST_F(NotifySocketTest, ADrainTakesTheLastWordsWithoutTheLoop)
{
    send("one");
    send("two");
    socket->drain();
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[1].text, "two");
}

TEST_F(NotifySocketTest, ABarrierIsLiftedWhenWhatCameBeforeItHasBeenHandled)
{
    auto barrier = make_pipe();
    send("READY=1");
    send_with("BARRIER=1", {barrier.writer.get()});
    barrier.writer = UniqueFd{};
    std::vector<bool> lifted_at;
    on_received = [&] { lifted_at.push_back(has_ended(barrier)); };
    EXPECT_FALSE(has_ended(barrier));
    ASSERT_TRUE(run_until(io, [&] { return seen.size() == 2; }));
    EXPECT_EQ(lifted_at, (std::vector{false, false})); // neither before the first nor before its own
    EXPECT_TRUE(has_ended(barrier));
}

TEST_F(NotifySocketTest, KeepsNoDescriptorThatIsSentToIt)
{
    send("warm"); // whatever is opened once
    socket->drain();
    const auto before = open_descriptors();
    auto pipe = make_pipe();
    for (const std::size_t count : {1U, 16U, 17U, 253U}) {
        send_with("FDSTORE=1", std::vector<int>(count, pipe.writer.get()));
        send_with(std::string(5000, 'x'), std::vector<int>(count, pipe.writer.get()));
        socket->drain();
    }
    EXPECT_EQ(seen.size(), 5U);
    EXPECT_EQ(refused.size(), 4U);
    pipe = Pipe{};
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(NotifySocketTest, RefusesWhatDoesNotFit)
{
    send(std::string(4096, 'x'));
    send(std::string(4097, 'x'));
    ASSERT_TRUE(run_until(io, [&] { return !refused.empty(); }));
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].text.size(), 4096U);
    EXPECT_EQ(refused, std::vector<std::string>{"it is longer than 4096 bytes"});
}

TEST_F(NotifySocketTest, TakesAnEmptyDatagramForOne)
{
    send("");
    send("READY=1");
    ASSERT_TRUE(run_until(io, [&] { return seen.size() == 2; }));
    EXPECT_EQ(seen[0].text, "");
}

/// Whoever sends without end must not keep the loop from everything else.
TEST_F(NotifySocketTest, OneTurnOfTheLoopEndsAlsoWhereMoreKeepsComing)
{
    const auto sender = connect();
    on_received = [&] { ::send(sender.get(), "x", 1, MSG_DONTWAIT); };
    send("x");
    socket->drain();
    EXPECT_LE(seen.size(), 1000U);
    const auto before = seen.size();
    ASSERT_TRUE(run_until(io, [&] { return seen.size() > before; })); // what was left comes in a later turn
    on_received = nullptr;
}

TEST_F(NotifySocketTest, TakesThePlaceOfADeadPredecessorAndOfNothingElse)
{
    struct stat info {};

    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);

    fs::rename(path, folder / "kept"); // as if its owner had been killed
    socket.reset();
    fs::rename(folder / "kept", path);
    start();
    send("READY=1");
    EXPECT_TRUE(run_until(io, [&] { return !seen.empty(); }));

    socket.reset();
    EXPECT_FALSE(fs::exists(path));
    std::ofstream{path} << "mine";
    EXPECT_THROW(start(), std::system_error);
    EXPECT_TRUE(fs::exists(path));
}

class NotifyFdTest : public testing::Test {
protected:
    void start()
    {
        watch.emplace(io, std::move(pipe.reader), [this] {
            ++calls;
            if (on_ready) on_ready();
        });
    }

    void write(const std::string& text) const
    {
        EXPECT_EQ(::write(pipe.writer.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }

    boost::asio::io_context io;
    Pipe pipe = make_pipe();
    std::optional<NotifyFd> watch;
    int calls = 0;
    std::function<void()> on_ready;
};

TEST_F(NotifyFdTest, ANewlineMeansReadyOnce)
{
    start();
    write("not yet");
    io.poll(); // a pipe is readable at once
    EXPECT_EQ(calls, 0);
    write("\n");
    ASSERT_TRUE(run_until(io, [&] { return calls == 1; }));
    write("\n\n");
    pipe.writer = UniqueFd{};
    io.restart();
    io.run_for(10s); // to the end of the pipe, after which there is nothing to wait for
    EXPECT_TRUE(io.stopped());
    EXPECT_EQ(calls, 1);
}

TEST_F(NotifyFdTest, AnEndWithoutANewlineIsNone)
{
    start();
    write("ready");
    pipe.writer = UniqueFd{};
    io.run_for(10s);
    EXPECT_TRUE(io.stopped());
    EXPECT_EQ(calls, 0);
}

TEST_F(NotifyFdTest, IsSilentOnceDestroyedAlsoByItself)
{
    start();
    write("\n");
    watch.reset();
    io.run_for(10s);
    EXPECT_TRUE(io.stopped());
    EXPECT_EQ(calls, 0);

    pipe = make_pipe();
    on_ready = [&] { watch.reset(); };
    start();
    write("\n");
    EXPECT_TRUE(run_until(io, [&] { return calls == 1; }));
    EXPECT_FALSE(watch.has_value());
}

} // namespace
} // namespace pandora::supervisor::os
