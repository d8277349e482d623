#include "procfiles/run_command.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::procfiles {

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* too_long = "it took too long";

CommandFailed system_reason(int error) { return {std::generic_category().message(error)}; }

/// Closes a descriptor whichever way its use ends.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_{fd} {}

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    ~Descriptor() { close(); }

    int get() const { return fd_; }

    void close()
    {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

private:
    int fd_;
};

/// The arguments of posix_spawn(3), which are freed as they are made.
class SpawnPlan {
public:
    explicit SpawnPlan(int output)
    {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
    }

    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    ~SpawnPlan()
    {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    /// 0, or the error.
    int run(ShellCommand command, pid_t& child) const
    {
        const std::array<char*, 4> argv{command.shell.program.data(), command.shell.argument.data(),
                                        command.text.data(), nullptr};
        return ::posix_spawnp(&child, argv[0], &actions_, &attributes_, argv.data(), environ);
    }

private:
    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
};

/// Adds to `into` until the other end is closed; why that was not waited for, else.
std::optional<CommandFailed> read_until(int fd, Clock::time_point deadline, std::size_t bytes_max, std::string& into)
{
    std::array<char, 4096> buffer;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return CommandFailed{too_long};
        pollfd ready{fd, POLLIN, 0};
        const int events = ::poll(&ready, 1, static_cast<int>(left.count()));
        if (events < 0 && errno != EINTR) return system_reason(errno);
        if (events <= 0) continue;
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno != EINTR) return system_reason(errno);
        if (got == 0) return std::nullopt;
        if (got > 0) into.append(buffer.data(), static_cast<std::size_t>(got));
        if (into.size() > bytes_max) return CommandFailed{"it wrote more than " + std::to_string(bytes_max) + " bytes"};
    }
}

/// What its end says against its output; nothing where that was a good one.
std::optional<CommandFailed> judge(int status)
{
    if (WIFSIGNALED(status)) return CommandFailed{"it was ended by signal " + std::to_string(WTERMSIG(status))};
    if (WEXITSTATUS(status) != 0) return CommandFailed{"it ended with code " + std::to_string(WEXITSTATUS(status))};
    return std::nullopt;
}

/// The child may go on after it has closed its output. Once this has its status, its pid and group are gone.
std::optional<int> wait_until(pid_t child, Clock::time_point deadline)
{
    int status = 0;
    for (;;) {
        if (::waitpid(child, &status, WNOHANG) == child) return status;
        if (Clock::now() >= deadline) return std::nullopt;
        ::poll(nullptr, 0, 5); // it is about to end, or else the deadline is near: nothing to be woken by is worth it
    }
}

/// Before its leader is reaped: until then the number of the group is its own, even where only others are left in it.
void kill_group(pid_t child)
{
    ::kill(-child, SIGKILL);
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
}

} // namespace

CommandOutput run_command(const ShellCommand& command, std::chrono::milliseconds timeout, std::size_t bytes_max)
{
    const auto deadline = Clock::now() + timeout;
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_reason(errno);
    const Descriptor output{ends[0]};
    Descriptor input{ends[1]};
    pid_t child = -1;
    if (const int error = SpawnPlan{input.get()}.run(command, child); error != 0) return system_reason(error);
    input.close();

    std::string text;
    auto failed = read_until(output.get(), deadline, bytes_max, text);
    const auto status = failed ? std::nullopt : wait_until(child, deadline);
    if (!status) kill_group(child);
    if (!failed) failed = status ? judge(*status) : CommandFailed{too_long};
    if (failed) return *std::move(failed);
    return text;
}

} // namespace pandora::procfiles
