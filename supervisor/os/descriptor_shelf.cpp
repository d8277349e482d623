#include "supervisor/os/descriptor_shelf.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace pandora::supervisor::os {

DescriptorShelf::DescriptorShelf(std::size_t places) : null_{::open("/dev/null", O_RDWR | O_CLOEXEC)}
{
    while (null_ && places_.size() < places) {
        places_.emplace_back(::fcntl(null_.get(), F_DUPFD_CLOEXEC, 3)); // 0 to 2 may be closed, and are no places
        if (!places_.back()) break;
    }
    if (!null_ || places_.size() < places || !places_.back())
        throw std::system_error{errno, std::generic_category(), "descriptors for children"};
    end_ = null_.get() + 1;
    for (const auto& place : places_) end_ = std::max(end_, place.get() + 1);
}

std::optional<int> DescriptorShelf::put(int descriptor)
{
    if (used_ == places_.size()) return std::nullopt;
    const int number = places_[used_].get();
    if (::dup3(descriptor, number, O_CLOEXEC) < 0) return std::nullopt;
    ++used_;
    return number;
}

void DescriptorShelf::clear()
{
    for (; used_ > 0; --used_) ::dup3(null_.get(), places_[used_ - 1].get(), O_CLOEXEC);
}

} // namespace pandora::supervisor::os
