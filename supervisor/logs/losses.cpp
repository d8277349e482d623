#include "supervisor/logs/losses.hpp"

#include <utility>

namespace pandora::supervisor::logs {

std::optional<std::string> Losses::lost(std::uint64_t lines, std::uint64_t bytes, std::string_view why, SteadyTime now)
{
    lines_ += lines;
    bytes_ += bytes;
    last_ = now;
    if (std::exchange(going_on_, true)) return std::nullopt;
    return what_ + ": " + std::string{why} + "; lines are dropped until it works again";
}

std::optional<std::string> Losses::over()
{
    if (!std::exchange(going_on_, false)) return std::nullopt;
    const auto lines = std::exchange(lines_, 0);
    const auto bytes = std::exchange(bytes_, 0);
    return what_ + ": works again; dropped " + std::to_string(lines) + (lines == 1 ? " line (" : " lines (") +
           std::to_string(bytes) + " bytes)";
}

std::optional<std::string> Losses::over_after(std::chrono::milliseconds quiet, SteadyTime now)
{
    return going_on_ && now - last_ >= quiet ? over() : std::nullopt;
}

} // namespace pandora::supervisor::logs
