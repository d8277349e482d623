// Reads, every now and then, what the instances that are recycled by memory hold.
#pragma once

#include "supervisor/core/ids.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <functional>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::app {

struct MemoryQuery {
    core::InstanceId instance;
    core::Run run{};
    pid_t main = 0; // its session is what is added up
};

/// Lives on the master's loop; /proc is read on the sampler's thread.
class MemorySampler {
public:
    using Ask = std::function<std::vector<MemoryQuery>()>;
    using Tell = std::function<void(const MemoryQuery&, std::uint64_t bytes)>;

    MemorySampler(boost::asio::io_context& io, boost::asio::thread_pool& thread);

    /// `ask` says what is to be read at each turn, `tell` gets the answers; both run on the loop. Once only.
    void start(Ask ask, Tell tell);

private:
    void wait();
    void read();

    boost::asio::io_context& io_;
    boost::asio::thread_pool& thread_;
    boost::asio::steady_timer timer_;
    Ask ask_;
    Tell tell_;
};

} // namespace pandora::supervisor::app
