#include "supervisor/app/memory_sampler.hpp"

#include "supervisor/os/session_memory.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::app {

namespace {

// Choice: PM2 looks each 30 s, in which a leak can fill a machine; a look costs some 20 us a process of the machine.
constexpr std::chrono::seconds period{5};

} // namespace

MemorySampler::MemorySampler(boost::asio::io_context& io, boost::asio::thread_pool& thread)
    : io_{io}, thread_{thread}, timer_{io}
{}

void MemorySampler::start(Ask ask, Tell tell)
{
    ask_ = std::move(ask);
    tell_ = std::move(tell);
    wait();
}

void MemorySampler::wait()
{
    timer_.expires_after(period);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) read();
    });
}

void MemorySampler::read()
{
    boost::asio::post(thread_, [this, queries = ask_()] {
        std::vector<pid_t> sessions;
        for (const auto& query : queries) sessions.push_back(::getsid(query.main)); // it may lead none; -1: it is gone
        boost::asio::post(io_, [this, queries, held = os::resident_by_session(sessions)] {
            for (std::size_t n = 0; n < queries.size(); ++n) tell_(queries[n], held[n]);
            wait();
        });
    });
}

} // namespace pandora::supervisor::app
