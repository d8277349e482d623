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

    /// In the order of their posting.
    std::vector<Task> take();

private:
    std::mutex mutex_;
    std::vector<Task> tasks_;
    os::UniqueFd event_;
};

} // namespace pandora::supervisor::logs
