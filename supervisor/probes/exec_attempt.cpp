#include "supervisor/probes/exec_attempt.hpp"

#include "supervisor/os/unique_fd.hpp"
#include "supervisor/probes/first_line.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::probes {

namespace asio = boost::asio;

namespace {

// What is read of a pipe whose writer has ended: all that a pipe holds by default (pipe(7)), and no more, for what the
// writer has left behind may still write.
constexpr int last_chunks_max = 16; // of 4 KiB

std::string describe(const siginfo_t& end)
{
    if (end.si_code == CLD_EXITED) return "exit " + std::to_string(end.si_status);
    const char* name = ::sigabbrev_np(end.si_status);
    return name ? "killed by SIG" + std::string{name} : "killed by signal " + std::to_string(end.si_status);
}

/// Not an os::Child, which has reaped the leader when it tells: here the group is killed in between, while the
/// unreaped leader keeps the group's number from meaning anybody else.
class ExecAttempt final : public Running {
public:
    ExecAttempt(RunningOptions options, os::SpawnRequest request)
        : Running{std::move(options)}, request_{std::move(request)}, pidfd_{io()}, output_{io()}
    {}

    bool collect(pid_t pid) override
    {
        if (!pid_ || pid != *pid_) return false;
        take_end();
        return true;
    }

private:
    void work() override
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(std::string{"no pipe: "} + std::strerror(errno));
        os::UniqueFd reader{ends[0]};
        const os::UniqueFd writer{ends[1]};
        ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
        request_.standard_output = writer.get();
        request_.standard_error = writer.get();
        auto spawned = os::spawn(request_);
        if (!spawned) return fail(os::describe(spawned.error()));
        pid_ = spawned->pid;
        if (!watch(output_, reader) || !watch(pidfd_, spawned->pidfd)) return fail("no descriptor left to watch it");
        await_output();
        await_end();
    }

    static bool watch(asio::posix::stream_descriptor& on, os::UniqueFd& fd)
    {
        boost::system::error_code error;
        on.assign(fd.get(), error);
        if (!error) (void)fd.release();
        return !error;
    }

    /// Whoever reaps orphans gets the killed ones: nobody claims them from here on.
    void release() override
    {
        if (pid_) ::kill(-*std::exchange(pid_, std::nullopt), SIGKILL);
        boost::system::error_code ignored;
        pidfd_.close(ignored);
        output_.close(ignored);
    }

    void await_end()
    {
        pidfd_.async_wait(asio::posix::descriptor_base::wait_read,
                          [self = keep()](const boost::system::error_code& error) {
                              if (!error) self->take_end();
                          });
    }

    void take_end()
    {
        const auto reap = [&](siginfo_t& end, int options) {
            return ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.native_handle()), &end, WEXITED | WNOHANG | options);
        };
        siginfo_t end{};
        if (!pid_ || reap(end, WNOWAIT) != 0 || end.si_pid == 0) return;
        read_last();
        ::kill(-*std::exchange(pid_, std::nullopt), SIGKILL);
        siginfo_t reaped{};
        reap(reaped, 0);
        const auto line = line_.text();
        answer({end.si_code == CLD_EXITED && end.si_status == 0, describe(end) + (line.empty() ? "" : ": " + line)});
    }

    /// All of the output is read, or the command would wait on its pipe. Not by async_read_some: what that has read
    /// while its handler waits for its turn would be missing when the end is handled before it.
    void await_output()
    {
        output_.async_wait(asio::posix::descriptor_base::wait_read,
                           [self = keep()](const boost::system::error_code& error) {
                               if (error || self->is_over()) return;
                               if (self->read_chunk() != 0) self->await_output();
                           });
    }

    /// As read(2): 0 at the end of the output, negative where there is nothing at the moment.
    ssize_t read_chunk()
    {
        std::array<char, 4096> chunk;
        const auto bytes = ::read(output_.native_handle(), chunk.data(), chunk.size());
        if (bytes > 0) line_.add({chunk.data(), static_cast<std::size_t>(bytes)});
        return bytes;
    }

    void read_last()
    {
        for (int count = 0; count < last_chunks_max && !line_.is_complete(); ++count)
            if (read_chunk() <= 0) return;
    }

    std::shared_ptr<ExecAttempt> keep() { return std::static_pointer_cast<ExecAttempt>(shared_from_this()); }

    os::SpawnRequest request_;
    std::optional<pid_t> pid_; // the leader, until it is reaped or given up
    asio::posix::stream_descriptor pidfd_;
    asio::posix::stream_descriptor output_;
    FirstLine line_;
};

} // namespace

std::shared_ptr<Running> exec_attempt(RunningOptions options, os::SpawnRequest request)
{
    return std::make_shared<ExecAttempt>(std::move(options), std::move(request));
}

} // namespace pandora::supervisor::probes
