// A few low descriptor numbers through which children get what they are to inherit.
//
// A clone without CLONE_FILES copies the whole descriptor table, and exec then closes every close-on-exec descriptor of
// the copy, one by one, while the parent is suspended: with a thousand workers this is most of a start (measured: 350
// of 600 us). With CLONE_FILES the child shares the table and, as its first deed, unshares only what is below a number
// (close_range(2), CLOSE_RANGE_UNSHARE). So all that the child is to have must be below that number: on the shelf.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace pandora::supervisor::os {

/// To be made early, while low numbers are free. Used by the thread that spawns, for one child at a time.
class DescriptorShelf {
public:
    /// `places`: how many descriptors a child may be given. Throws std::system_error.
    explicit DescriptorShelf(std::size_t places = 16);

    DescriptorShelf(const DescriptorShelf&) = delete;
    DescriptorShelf& operator=(const DescriptorShelf&) = delete;

    /// The number under which the child will find `descriptor`; nullopt where the shelf is full.
    std::optional<int> put(int descriptor);

    /// Takes all down again: what was put here is no longer held.
    void clear();

    /// The number of /dev/null, which is always here.
    int null() const { return null_.get(); }

    /// All numbers of the shelf are below it.
    int end() const { return end_; }

private:
    UniqueFd null_;
    std::vector<UniqueFd> places_; // empty ones hold /dev/null, so that nobody else gets their numbers
    std::size_t used_ = 0;
    int end_ = 0;
};

} // namespace pandora::supervisor::os
