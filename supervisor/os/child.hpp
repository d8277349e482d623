// One running child process: waits for its end through the pidfd, signals it or its group, and reaps it exactly once.
#pragma once

#include "supervisor/os/spawn.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <variant>

namespace pandora::supervisor::os {

struct ChildExited {
    int code = 0;
};

struct ChildKilled {
    int signal = 0;
    bool core_dumped = false;
};

using ChildEnd = std::variant<ChildExited, ChildKilled>;

/// Lives on the loop's thread. Destroying it forgets the process without signalling it.
class Child {
public:
    using Ended = std::function<void(ChildEnd)>;

    /// Spawns; `ended` runs once on the loop, after the process has been reaped.
    static SpawnResult<Child> launch(boost::asio::io_context& io, const SpawnRequest& request, Ended ended);

    Child(Child&&) noexcept;
    Child& operator=(Child&&) noexcept;
    ~Child();

    pid_t pid() const;

    /// Reaps it if it has ended, and reports. To be called when something else (SIGCHLD) suggests that it has; without
    /// effect otherwise.
    void collect();

    /// To the process itself, through the pidfd: never a stranger, whatever became of the number.
    void signal(int number) const;

    /// To its whole process group, whose number no other process can take while a member lives.
    void signal_group(int number) const;

    /// Nothing of the process group runs any more. Meaningful once the leader has been reaped.
    bool group_is_empty() const;

private:
    class Impl;
    explicit Child(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

} // namespace pandora::supervisor::os
