// Tells of lines that could not be kept, once when it begins and once when it is over: never for each line. Pure.
#pragma once

#include "supervisor/logs/source.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::supervisor::logs {

/// Of one file and one reason to lose lines.
class Losses {
public:
    explicit Losses(std::string what) : what_{std::move(what)} {}

    /// What to say, if it has just begun. `why` as in "No space left on device".
    std::optional<std::string> lost(std::uint64_t lines, std::uint64_t bytes, std::string_view why, SteadyTime now);

    /// What to say once it works again.
    std::optional<std::string> over();

    /// The same, where nothing tells the end but that nothing was lost for `quiet`.
    std::optional<std::string> over_after(std::chrono::milliseconds quiet, SteadyTime now);

    bool going_on() const { return going_on_; }

private:
    std::string what_; // "/var/log/pandora/shop/web.log"
    bool going_on_ = false;
    SteadyTime last_;
    std::uint64_t lines_ = 0;
    std::uint64_t bytes_ = 0;
};

} // namespace pandora::supervisor::logs
