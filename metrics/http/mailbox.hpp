// How other threads reach the thread of an io_context that may be gone when they do.
#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <mutex>

namespace pandora::metrics::http {

/// Shared by everyone who may have something to post. Thread-safe.
class Mailbox {
public:
    explicit Mailbox(boost::asio::io_context& io) : io_{&io} {}

    /// Runs `work` on the io_context's thread, never inside this call; drops it after `close`.
    void post(std::function<void()> work);

    /// From its return on nothing touches the io_context any more.
    void close();

private:
    std::mutex mutex_;
    boost::asio::io_context* io_; // guarded by mutex_; null once closed
};

} // namespace pandora::metrics::http
