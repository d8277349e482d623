#include "supervisor/cli/shell_command.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::cli {

namespace {

using boost::system::error_code;
using Descriptor = boost::asio::posix::stream_descriptor;

constexpr std::size_t output_bytes_max = 16 * 1024 * 1024; // the hub takes no longer answer

[[noreturn]] void fail(const char* what, int error) { throw std::system_error{error, std::generic_category(), what}; }

int checked(int result, const char* what)
{
    if (result < 0) fail(what, errno);
    return result;
}

/// A file in memory, read from its beginning: it needs no writer that waits for its reader.
Descriptor readable(boost::asio::io_context& io, const std::string& text)
{
    Descriptor file{io, checked(::memfd_create("pandora-params", MFD_CLOEXEC), "memfd_create")};
    for (std::size_t done = 0; done < text.size();) {
        const auto written =
            ::pwrite(file.native_handle(), text.data() + done, text.size() - done, static_cast<off_t>(done));
        if (written < 0) fail("write the parameters", errno);
        done += static_cast<std::size_t>(written);
    }
    return file;
}

class SpawnSettings {
public:
    SpawnSettings(int input, int output)
    {
        ::posix_spawnattr_init(&attributes);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        ::posix_spawnattr_setpgroup(&attributes, 0); // its own
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    }

    ~SpawnSettings()
    {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }

    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    posix_spawnattr_t attributes{};
    posix_spawn_file_actions_t actions{};
};

pid_t spawn_shell(std::string command, const std::vector<std::string>& variables, int input, int output)
{
    std::vector<std::string> added = variables;
    std::vector<char*> environment;
    for (auto& variable : added) environment.push_back(variable.data()); // first, for the first of a name counts
    for (char** variable = environ; *variable; ++variable) environment.push_back(*variable);
    environment.push_back(nullptr);
    char shell[] = "sh", flag[] = "-c";
    char* argv[] = {shell, flag, command.data(), nullptr};
    const SpawnSettings settings{input, output};
    pid_t pid = 0;
    if (const int error =
            ::posix_spawn(&pid, "/bin/sh", &settings.actions, &settings.attributes, argv, environment.data()))
        fail("start /bin/sh", error);
    return pid;
}

std::optional<std::string> failure_of(int wait_status)
{
    if (WIFEXITED(wait_status)) {
        const int code = WEXITSTATUS(wait_status);
        return code == 0 ? std::nullopt : std::optional{"exit " + std::to_string(code)};
    }
    const char* name = ::sigabbrev_np(WTERMSIG(wait_status));
    return name ? "SIG" + std::string{name} : "signal " + std::to_string(WTERMSIG(wait_status));
}

} // namespace

ShellCommand::ShellCommand(boost::asio::io_context& io, const std::string& command, const std::string& input,
                           const std::vector<std::string>& variables, Done done)
    : output_{io}, exit_{io}, done_{std::move(done)}
{
    int ends[2];
    checked(::pipe2(ends, O_CLOEXEC), "pipe2");
    output_.assign(ends[0]);
    const Descriptor writing_end{io, ends[1]};
    auto parameters = readable(io, input);
    group_ = spawn_shell(command, variables, parameters.native_handle(), ends[1]);
    // Nobody else reaps it, so the pid is still its own.
    exit_.assign(checked(static_cast<int>(::syscall(SYS_pidfd_open, group_, 0)), "pidfd_open"));
    exit_.async_wait(Descriptor::wait_read, [this, life = std::weak_ptr{life_}](const error_code& error) {
        if (!error && !life.expired()) on_exit();
    });
    output_.non_blocking(true);
    await_output();
}

ShellCommand::~ShellCommand()
{
    if (group_ == 0) return;
    ::kill(-group_, SIGKILL);
    while (::waitpid(group_, nullptr, 0) < 0 && errno == EINTR) continue;
}

void ShellCommand::terminate()
{
    if (group_ != 0) ::kill(-group_, SIGTERM);
}

/// Waits for output instead of reading it: what was read into the buffer before the exit is noticed would be
/// overwritten by what is read then.
void ShellCommand::await_output()
{
    output_.async_wait(Descriptor::wait_read, [this, life = std::weak_ptr{life_}](const error_code& error) {
        if (error || life.expired()) return;
        if (read()) await_output();
    });
}

/// All that there is now. False: its end.
bool ShellCommand::read()
{
    error_code error;
    while (const auto bytes = output_.read_some(boost::asio::buffer(buffer_), error)) take(bytes);
    return error == boost::asio::error::would_block;
}

void ShellCommand::take(std::size_t bytes)
{
    if (end_.output.size() + bytes > output_bytes_max) {
        end_.failure = "it wrote more than 16 MiB";
        ::kill(-group_, SIGKILL);
        return;
    }
    end_.output.append(buffer_.data(), bytes);
}

void ShellCommand::on_exit()
{
    read();
    int wait_status = 0;
    while (::waitpid(group_, &wait_status, 0) < 0 && errno == EINTR) continue;
    group_ = 0;
    if (!end_.failure) end_.failure = failure_of(wait_status);
    const auto done = std::exchange(done_, nullptr); // it may destroy this command
    done(std::move(end_));
}

} // namespace pandora::supervisor::cli
