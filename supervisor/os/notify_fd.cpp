#include "supervisor/os/notify_fd.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace pandora::supervisor::os {

namespace asio = boost::asio;

class NotifyFd::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& io, UniqueFd reader, std::function<void()> ready) : pipe_{io}, ready_{std::move(ready)}
    {
        pipe_.assign(reader.get()); // throws, and leaves it to its owner then
        (void)reader.release();
    }

    void read()
    {
        pipe_.async_read_some(asio::buffer(chunk_),
                              [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
                                  if (error) return self->close(); // the last writer is gone
                                  self->take(bytes);
                              });
    }

    void close()
    {
        ready_ = nullptr;
        pipe_.close();
    }

private:
    void take(std::size_t bytes)
    {
        if (!pipe_.is_open()) return; // destroyed while this was on its way
        read();
        if (std::string_view{chunk_.data(), bytes}.find('\n') == std::string_view::npos) return;
        if (const auto ready = std::exchange(ready_, nullptr)) ready();
    }

    asio::posix::stream_descriptor pipe_;
    std::function<void()> ready_;
    std::array<char, 4096> chunk_{};
};

NotifyFd::NotifyFd(asio::io_context& io, UniqueFd reader, std::function<void()> ready)
    : impl_{std::make_shared<Impl>(io, std::move(reader), std::move(ready))}
{
    impl_->read();
}

NotifyFd& NotifyFd::operator=(NotifyFd&& other) noexcept
{
    if (impl_ && impl_ != other.impl_) impl_->close();
    impl_ = std::move(other.impl_);
    return *this;
}

NotifyFd::~NotifyFd()
{
    if (impl_) impl_->close();
}

} // namespace pandora::supervisor::os
