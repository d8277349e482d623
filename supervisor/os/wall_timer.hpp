// Waits for a time on the wall clock, and notices when that clock is set.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <variant>

namespace pandora::supervisor::os {

/// One timer on CLOCK_REALTIME. Lives on the loop's thread; destroying it cancels.
class WallTimer {
public:
    using WallTime = std::chrono::system_clock::time_point;

    /// The time has come.
    struct Due {};

    /// The clock was set (or the machine woke from sleep): `by` so much, forward positive. What was waited for has to
    /// be worked out anew, and so has the zone: whoever sets a clock may have moved.
    struct ClockSet {
        std::chrono::nanoseconds by{};
    };

    using Woken = std::variant<Due, ClockSet>;

    /// Throws std::system_error where the kernel has no descriptor left.
    explicit WallTimer(boost::asio::io_context& io);
    WallTimer(WallTimer&&) noexcept;
    WallTimer& operator=(WallTimer&&) noexcept;
    ~WallTimer();

    /// Runs `woken` once on the loop: at `until`, which may be past, or as soon as the clock is set. nullopt = only the
    /// latter. Replaces what was waited for before. Throws std::system_error; a bug or a kernel out of memory.
    void wait(std::optional<WallTime> until, std::function<void(Woken)> woken);

    /// Nothing is waited for any more.
    void cancel();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace pandora::supervisor::os
