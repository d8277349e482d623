// Whether the one who is waited for still reads. Pure.
#pragma once

#include "supervisor/logs/source.hpp"

#include <chrono>
#include <cstddef>

namespace pandora::supervisor::logs {

/// However slow a reader is, it is waited for as long as it takes something now and then.
class ReaderPatience {
public:
    ReaderPatience(std::chrono::milliseconds patience, SteadyTime now) : patience_{patience}, since_{now} {}

    /// True once nothing was taken for the whole patience. `unread`: bytes that are not taken yet at `now`; next to
    /// nothing is added to them meanwhile.
    bool is_over(std::size_t unread, SteadyTime now)
    {
        if (unread != unread_) since_ = now;
        unread_ = unread;
        return now - since_ >= patience_;
    }

private:
    std::chrono::milliseconds patience_;
    SteadyTime since_;
    std::size_t unread_ = 0;
};

} // namespace pandora::supervisor::logs
