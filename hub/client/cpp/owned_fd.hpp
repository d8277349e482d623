// A file descriptor with one owner.
#pragma once

#include <unistd.h>
#include <utility>

namespace pandora::hub::client {

class OwnedFd {
public:
    OwnedFd() = default;

    explicit OwnedFd(int fd) : fd_{fd} {}

    OwnedFd(OwnedFd&& other) noexcept : fd_{other.release()} {}

    OwnedFd& operator=(OwnedFd other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }

    ~OwnedFd()
    {
        if (fd_ >= 0) ::close(fd_); // not retried: Linux has freed the descriptor even after EINTR
    }

    int get() const { return fd_; }

    int release() { return std::exchange(fd_, -1); }

    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

} // namespace pandora::hub::client
