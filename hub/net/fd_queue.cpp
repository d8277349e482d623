#include "hub/net/fd_queue.hpp"

#include <iterator>
#include <utility>

namespace pandora::hub::net {

std::optional<std::vector<core::Fd>> FdQueue::take(std::size_t count)
{
    if (count > waiting_.size()) return std::nullopt;
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<core::Fd> taken{std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end)};
    waiting_.erase(waiting_.begin(), end);
    return taken;
}

std::size_t FdQueue::clear() { return std::exchange(waiting_, {}).size(); }

} // namespace pandora::hub::net
