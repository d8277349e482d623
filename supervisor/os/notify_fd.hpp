// The descriptor on which a worker says that it is ready by writing a newline, as s6 defined it.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace pandora::supervisor::os {

/// Watches the read end of a pipe whose write end the worker has; the caller closes its own copy of that one once the
/// worker is started. Lives on the loop's thread. Destroying it closes the pipe; there is no call then.
class NotifyFd {
public:
    /// `ready` runs at most once, on the loop, when the first newline has come; it may destroy this object. What comes
    /// before and after is read and dropped until the last writer is gone, so that no writer meets a broken pipe.
    /// Throws boost::system::system_error where the loop takes no more descriptors.
    NotifyFd(boost::asio::io_context& io, UniqueFd reader, std::function<void()> ready);
    NotifyFd(NotifyFd&&) noexcept = default;
    NotifyFd& operator=(NotifyFd&& other) noexcept;
    ~NotifyFd();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace pandora::supervisor::os
