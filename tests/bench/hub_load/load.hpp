/// The two loads, and what both measure.
#pragma once

#include "tests/bench/hub_load/endpoint.hpp"

#include <charconv>
#include <chrono>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace pandora::bench::hub_load {

using Clock = std::chrono::steady_clock;

struct Load {
    std::size_t payload_bytes = 64; ///< at least id_digits
    unsigned in_flight = 1;         ///< requests that may be unanswered; how far events may be ahead of a subscriber
    unsigned subscribers = 0;
    std::chrono::duration<double> lasts{1.0}; ///< after a tenth of it more, to warm up
    std::vector<pid_t> broker;                ///< whose CPU time is told; none: none
};

/// Payloads are texts that begin with the number of their request, in hex, so that an answer can be told from
/// another's on transports that cannot (Redis, ZeroMQ), and checked on all.
constexpr std::size_t id_digits = 8;

inline void write_id(std::string& payload, std::uint64_t id)
{
    for (std::size_t at = id_digits; at-- > 0; id >>= 4) payload[at] = "0123456789abcdef"[id & 15];
}

inline std::uint64_t id_in(std::string_view payload)
{
    std::uint64_t id = 0;
    std::from_chars(payload.data(), payload.data() + std::min(payload.size(), id_digits), id, 16);
    return id;
}

struct CallFigures {
    double calls_per_second = 0;
    double p50_us = 0, p99_us = 0;
    double broker_us_per_call = 0;
};

struct EventFigures {
    double deliveries_per_second = 0;
    double broker_us_per_delivery = 0;
};

/// One callee, in a child process; this process calls it, always as much at once as may be in flight.
CallFigures measure_calls(Transport& transport, const Load& load);

/// Subscribers in child processes; this process publishes, and waits for the slowest of them.
EventFigures measure_events(Transport& transport, const Load& load);

} // namespace pandora::bench::hub_load
