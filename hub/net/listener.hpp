// Accepts connections on one listening Unix socket and tells who stands at the other end.
#pragma once

#include "hub/core/identity.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>

namespace pandora::hub::net {

using Descriptor = boost::asio::posix::stream_descriptor;

/// Calls back until it is destroyed. When the process or the system runs out of descriptors it stops
/// accepting for a moment; clients wait in the kernel's backlog meanwhile.
class Listener {
public:
    using Accepted = std::function<void(Descriptor, core::Credentials)>;

    /// Takes ownership of `listener_fd`. The connections it hands out do not block and are close-on-exec.
    /// Throws std::system_error if the descriptor cannot be used.
    Listener(boost::asio::io_context& io, int listener_fd, Accepted accepted);

private:
    void wait();
    void accept_waiting();
    bool accepted(int fd);
    void pause();

    boost::asio::io_context& io_;
    Descriptor listener_;
    boost::asio::steady_timer pause_;
    Accepted accepted_;
    std::shared_ptr<Listener*> self_ = std::make_shared<Listener*>(this); // the timer's handler holds it weakly
};

} // namespace pandora::hub::net
