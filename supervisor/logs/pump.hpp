// Reads what the workers write, on a thread of its own: neither a slow terminal nor a flood of output ever delays a
// restart, and no worker ever waits on its pipe.
#pragma once

#include "supervisor/logs/console.hpp"

#include <memory>
#include <string>

namespace pandora::supervisor::logs {

/// The thread runs from construction to destruction. Every function may be called from any thread.
class Pump {
public:
    /// Writes to `console_fd` (borrowed).
    Pump(int console_fd, std::size_t name_width);

    /// Reads what is in the pipes, writes it (waiting at most a second for a slow reader), and ends the thread.
    ~Pump();
    Pump(const Pump&) = delete;
    Pump& operator=(const Pump&) = delete;

    /// Reads `pipe` until its last writer has closed it, which may be long after the worker's end:
    /// a grandchild that still holds it must not get SIGPIPE.
    void attach(std::string name, std::size_t colour, os::UniqueFd pipe);

    /// A line of pandora's own.
    void say(std::string text);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace pandora::supervisor::logs
