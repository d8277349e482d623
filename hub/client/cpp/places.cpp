#include "hub/client/cpp/places.hpp"

#include <algorithm>
#include <iterator>

namespace pandora::hub::client {

Places::Places(std::uint32_t bytes)
{
    if (const std::uint32_t whole = bytes / granule * granule; whole > 0) free_.emplace(0, whole);
}

std::optional<std::uint32_t> Places::take(std::uint32_t bytes)
{
    const std::uint64_t rounded = (std::uint64_t{bytes} + granule - 1) / granule * granule;
    const auto fits = std::ranges::find_if(free_, [rounded](const auto& range) { return range.second >= rounded; });
    if (fits == free_.end()) return std::nullopt;
    const auto [offset, room] = *fits;
    const auto taken = static_cast<std::uint32_t>(rounded);
    free_.erase(fits);
    if (room > taken) free_.emplace(offset + taken, room - taken);
    taken_.emplace(offset, taken);
    return offset;
}

bool Places::give_back(std::uint32_t offset)
{
    const auto node = taken_.extract(offset);
    if (node.empty()) return false;
    auto range = free_.emplace(offset, node.mapped()).first;
    if (const auto next = std::next(range); next != free_.end() && range->first + range->second == next->first) {
        range->second += next->second;
        free_.erase(next);
    }
    if (range == free_.begin()) return true;
    if (const auto before = std::prev(range); before->first + before->second == range->first) {
        before->second += range->second;
        free_.erase(range);
    }
    return true;
}

} // namespace pandora::hub::client
