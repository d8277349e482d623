// What is counted of one process; written by the threads of the logs, read by any.
#pragma once

#include "supervisor/logs/source.hpp"

#include <atomic>

namespace pandora::supervisor::logs {

struct Counters {
    using Count = std::atomic<std::uint64_t>;

    Count bytes{0};
    Count lines{0};
    Count dropped_bytes{0};
    Count dropped_lines{0};
    Count write_errors{0};
    Count rotations{0};

    static void add(Count& count, std::uint64_t more) { count.fetch_add(more, std::memory_order_relaxed); }

    /// Each value is true by itself; taken together they may be of different moments.
    Counts read() const
    {
        constexpr auto order = std::memory_order_relaxed;
        return {bytes.load(order),         lines.load(order),        dropped_bytes.load(order),
                dropped_lines.load(order), write_errors.load(order), rotations.load(order)};
    }
};

} // namespace pandora::supervisor::logs
