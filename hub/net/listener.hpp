// Accepts connections on one listening Unix socket and tells who stands at the other end.
#pragma once

#include "hub/core/counters.hpp"
#include "hub/core/identity.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace pandora::hub::net {

using Descriptor = boost::asio::posix::stream_descriptor;

/// Calls back until it is destroyed. When the process or the system runs out of descriptors, the newcomer that is next
/// is closed with the help of one that is kept for that, so that it learns at once; then accepting stops for a moment,
/// each time for longer, and clients wait in the kernel's backlog meanwhile.
class Listener {
public:
    using Accepted = std::function<void(Descriptor, core::Credentials)>;
    using Refused = std::function<void(core::Disconnect)>;

    /// Takes ownership of `listener_fd`. The connections it hands out do not block and are close-on-exec. `refused`
    /// hears of those that it has closed itself.
    /// Throws std::system_error if the descriptor cannot be used.
    Listener(boost::asio::io_context& io, int listener_fd, Accepted accepted, Refused refused);

private:
    void wait();
    void accept_waiting();
    bool accepted(int fd);
    void keep_reserve();
    void turn_one_away();
    void pause();

    boost::asio::io_context& io_;
    Descriptor listener_;
    core::Fd reserve_; // null while there is none to be had
    boost::asio::steady_timer pause_;
    std::chrono::milliseconds pause_time_;
    Accepted accepted_;
    Refused refused_;
    std::shared_ptr<Listener*> self_ = std::make_shared<Listener*>(this); // the timer's handler holds it weakly
};

} // namespace pandora::hub::net
