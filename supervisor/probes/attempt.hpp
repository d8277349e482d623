// One try of a probe: a command, an HTTP request, a connection; and its one answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>

namespace pandora::supervisor::probes {

/// `detail` is one phrase for people, without a line break: "exit 1: no such table", "HTTP 503, expected 200",
/// "connection refused", "timed out after 1 s".
struct Answer {
    bool passed = false;
    std::string detail;
};

/// Runs once, on the loop, and never from within a call of this folder: it may destroy the attempt, or start another.
using Answered = std::function<void(Answer)>;

class Running;

/// An attempt that is under way, or has been. Destroying it cancels it: there will be no answer, sockets are closed,
/// and the process group of a command is killed. Lives on the loop's thread.
class Attempt {
public:
    explicit Attempt(std::shared_ptr<Running> running);
    Attempt(Attempt&&) noexcept = default;
    Attempt& operator=(Attempt&& other) noexcept;
    ~Attempt();

    /// Whether `pid` is the command of this attempt; it is reaped then, if it has ended. For os::reap_orphans, which
    /// reaps those that nobody claims: among them the commands that were killed at their timeout, or cancelled.
    bool collect(pid_t pid);

private:
    std::shared_ptr<Running> running_;
};

} // namespace pandora::supervisor::probes
