// A file descriptor with one owner.
#pragma once

#include <unistd.h>
#include <utility>

namespace pandora::supervisor::os {

class UniqueFd {
public:
    UniqueFd() noexcept = default;

    explicit UniqueFd(int fd) noexcept : fd_{fd} {}

    UniqueFd(UniqueFd&& other) noexcept : fd_{other.release()} {}

    UniqueFd& operator=(UniqueFd other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }

    ~UniqueFd()
    {
        if (fd_ >= 0) ::close(fd_); // not tried again: Linux has freed the descriptor even after EINTR
    }

    int get() const noexcept { return fd_; }

    explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Gives the ownership away.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

} // namespace pandora::supervisor::os
