// What other threads ask of the reading thread, and how they wake it.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <functional>
#include <mutex>
#include <vector>

namespace pandora::supervisor::logs {

/// Every function may be called from any thread.
class Inbox {
public:
    using Task = std::function<void()>;

    /// Throws std::system_error.
    Inbox();

    /// Readable while there is something to do.
    int descriptor() const { return event_.get(); }

    void post(Task task);

    /// From hold() to as many release() nobody is woken: what is posted is found together.
    void hold();
    void release();

    /// In the order of their posting.
    std::vector<Task> take();

private:
    void wake();

    std::mutex mutex_;
    std::vector<Task> tasks_;
    int holds_ = 0;
    bool woken_ = false; // and has not taken yet
    os::UniqueFd event_;
};

} // namespace pandora::supervisor::logs
