// Waiting for what a loop brings about.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>

namespace pandora::tests::support {

/// Runs the loop until `holds`, which may do something: it is not asked again once it holds. False after half a minute:
/// something is wrong then, for no machine is so slow.
template <class Condition>
bool run_until(boost::asio::io_context& io, Condition holds)
{
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        io.restart(); // it has stopped where it had nothing to do for a moment
        io.run_one_for(std::chrono::milliseconds{10});
    }
    return true;
}

} // namespace pandora::tests::support
