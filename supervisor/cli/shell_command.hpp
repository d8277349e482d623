// A command for the shell that is given a text and asked for one: how a method becomes a one-liner.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::cli {

struct CommandEnd {
    std::optional<std::string> failure; // "exit 3", "SIGKILL"; nullopt = exit 0
    std::string output;                 // of its standard output
};

/// Runs from its making on, in a process group of its own; standard error is ours. Destroying it kills the whole group.
/// Lives on one thread, that of `io`.
class ShellCommand {
public:
    using Done = std::function<void(CommandEnd)>;

    /// `input` is all that it reads; `variables` (`NAME=value`) come on top of our environment. `done` runs once, never
    /// inside a function of this class, when the shell has ended: what its children write later is lost. More output
    /// than 16 MiB kills it. Throws std::system_error where it cannot be started.
    ShellCommand(boost::asio::io_context& io, const std::string& command, const std::string& input,
                 const std::vector<std::string>& variables, Done done);
    ~ShellCommand();
    ShellCommand(const ShellCommand&) = delete;
    ShellCommand& operator=(const ShellCommand&) = delete;

    /// Asks it to end: SIGTERM to the group.
    void terminate();

private:
    void await_output();
    bool read();
    void take(std::size_t bytes);
    void on_exit();

    boost::asio::posix::stream_descriptor output_;
    boost::asio::posix::stream_descriptor exit_;
    pid_t group_ = 0; // 0 = it has been reaped
    Done done_;
    CommandEnd end_;
    std::array<char, 16 * 1024> buffer_;
    std::shared_ptr<int> life_ = std::make_shared<int>(); // ends before completions that are on their way
};

} // namespace pandora::supervisor::cli
