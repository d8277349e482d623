// How urgently those who signal the supervisor want it to end.
#pragma once

#include "supervisor/core/ids.hpp"

#include <csignal>
#include <optional>

namespace pandora::supervisor::core {

/// The first signal asks for an end with every grace, one after it for an end at once; unless it is an echo of the
/// first: timeout(1) signals its child and then the group that the child is in, too, and a terminal that closes may
/// send SIGHUP more than once.
class StopSignals {
public:
    enum class Wish { gracefully, at_once, nothing_new };

    /// `now` never decreases between calls.
    Wish heard(int signal, TimePoint now)
    {
        if (!first_) {
            first_ = now;
            return Wish::gracefully;
        }
        if (signal == SIGHUP || now - *first_ < echo_max) return Wish::nothing_new;
        at_once_ = true;
        return Wish::at_once;
    }

    bool any() const { return first_.has_value(); }

    bool at_once() const { return at_once_; }

private:
    static constexpr Millis echo_max{100}; // choice: no hand is faster, and no machine so slow

    std::optional<TimePoint> first_;
    bool at_once_ = false;
};

} // namespace pandora::supervisor::core
