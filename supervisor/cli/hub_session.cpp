#include "supervisor/cli/hub_session.hpp"

#include "supervisor/cli/hub_outcome.hpp"
#include "supervisor/cli/output.hpp"
#include "supervisor/cli/reach.hpp"
#include "supervisor/cli/table.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace pandora::supervisor::cli {

namespace {

namespace client = hub::client;
using boost::system::error_code;

/// The hub process is replaced in a fraction of a second; to look more often costs nothing worth saving.
constexpr std::chrono::milliseconds reconnect_delay{100};

/// A hub process that dies ends a connection that is new, too, and even its successor may; one that does not admit
/// somebody says so in no other way than by ending each.
constexpr int refusals_max = 3;

constexpr std::size_t output_bytes_max = 64 * 1024; // as much as a pipe takes at once

/// In a worker of the hub's app this is as much the worker as any other client that it starts.
client::Options options_for(const std::string& path)
{
    const char* own = std::getenv("PANDORA_HUB_SOCKET");
    client::Options options;
    if (own && path == own) options = client::Options::from_environment();
    options.socket_path = path;
    options.location["pid"] = std::to_string(::getpid());
    options.reconnect_delay = reconnect_delay;
    return options;
}

/// nohup(1), and shells without job control, make commands deaf to a signal: they stay so.
bool is_ignored(int signal)
{
    struct sigaction present {};

    return ::sigaction(signal, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
}

/// Where standard output is a pipe: its writing end once more, as an open file of our own, which may be made
/// non-blocking without anybody else noticing. -1 where that cannot be.
int reopened_output()
{
    struct stat about {};

    if (::fstat(STDOUT_FILENO, &about) != 0 || !S_ISFIFO(about.st_mode)) return -1;
    return ::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

} // namespace

std::string hub_path(const WhichHub& which)
{
    return which.socket.empty() ? find_socket(which.where).string() : which.socket;
}

void complain(const std::string& what) { std::cerr << "pandora: " << printable(what) << '\n'; }

HubSession::HubSession(std::string path) : HubSession{reachable(path), Patient{}} { patient_ = false; }

HubSession::HubSession(std::string path, Patient)
    : path_{std::move(path)}, patient_{true}, client_{io_, options_for(path_)}
{
    client_.on_online([this] { on_online(); });
    client_.on_lost([this](const std::string&) { on_lost(); });
    client_.on_denied([this](const hub::client::Denial& what) { on_denied(what); });
    watch_signals();
    watch_reader();
}

void HubSession::watch_signals()
{
    for (const int signal : {SIGINT, SIGTERM})
        if (!is_ignored(signal)) signals_.add(signal);
    signals_.async_wait([this](const error_code& error, int signal) {
        if (error) return;
        const auto handler = std::exchange(signal_handler_, nullptr);
        if (!handler || !online_) return finish(128 + signal);
        watch_signals();
        handler(signal);
    });
}

/// Who reads may go (`| head -1`) long before the next line is due, and would wait for us until then.
void HubSession::watch_reader()
{
    const int fd = reopened_output();
    if (fd < 0) return;
    reader_.assign(fd);
    reader_.async_wait(boost::asio::posix::stream_descriptor::wait_error, [this](const error_code& error) {
        if (!error) finish(exit_code::pipe_closed);
    });
}

void HubSession::on_online()
{
    online_ = true;
    refusals_ = 0;
    if (exit_code_) return;
    if (online_handler_) online_handler_();
    if (leaves_with_) leave(*leaves_with_);
}

/// The listener of an app is its master's and outlives the hub process; that of `hub serve` does not.
void HubSession::on_lost()
{
    const bool was_online = std::exchange(online_, false);
    if (leaving_ || exit_code_) return;
    if (const auto error = listening_error(path_)) {
        if (patient_) return;
        complain("the hub on " + path_ + " has gone");
        return finish(exit_code::peer_gone);
    }
    if (was_online || ++refusals_ < refusals_max) return;
    complain("denied: the hub on " + path_ + " does not admit this user (" + std::to_string(::getuid()) +
             "), or has no room: it ends each connection at once");
    finish(exit_code::denied);
}

void HubSession::on_denied(const hub::client::Denial& what)
{
    complain(failure_text(what.why));
    finish(exit_code::denied);
}

int HubSession::run()
{
    client_.start();
    while (!exit_code_ && io_.run_one() > 0) flush();
    flush();
    return exit_code_.value_or(exit_code::failed);
}

void HubSession::finish(int exit_code)
{
    if (!exit_code_) exit_code_ = exit_code;
}

void HubSession::leave(int exit_code)
{
    if (!online_) leaves_with_ = exit_code;
    if (!online_ || std::exchange(leaving_, true)) return;
    client_.stop([this, exit_code] { finish(exit_code); });
}

void HubSession::after(std::chrono::milliseconds time, std::function<void()> expired)
{
    timer_.expires_after(time);
    timer_.async_wait([expired = std::move(expired)](const error_code& error) {
        if (!error) expired();
    });
}

void HubSession::print(std::string_view line)
{
    print_raw(line);
    print_raw("\n");
}

void HubSession::print_raw(std::string_view bytes)
{
    output_ += bytes;
    if (output_.size() >= output_bytes_max) flush();
}

/// Blocks where the reader is slow: then the hub's queue for us fills, and what is to be done about it the
/// subscription says.
void HubSession::flush()
{
    const auto error = write_output(output_);
    output_.clear();
    if (!error) return;
    const bool gone = error == std::errc::broken_pipe; // comes this far only where SIGPIPE is ignored
    if (!gone) complain(output_failure(error));
    exit_code_ = gone ? exit_code::pipe_closed : exit_code::failed;
}

} // namespace pandora::supervisor::cli
