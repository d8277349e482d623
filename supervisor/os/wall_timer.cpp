#include "supervisor/os/wall_timer.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <sys/timerfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::os {

namespace asio = boost::asio;
using std::chrono::nanoseconds;

namespace {

int make_timer()
{
    const int fd = ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0) throw std::system_error{errno, std::generic_category(), "timerfd_create"};
    return fd;
}

timespec to_timespec(nanoseconds since_epoch)
{
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
    return {static_cast<time_t>(seconds.count()), static_cast<long>((since_epoch - seconds).count())};
}

nanoseconds read_clock(clockid_t clock)
{
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds{time.tv_sec} + nanoseconds{time.tv_nsec};
}

/// How far the wall clock is ahead of the one that nobody sets, and that goes on while the machine sleeps.
nanoseconds clock_lead() { return read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME); }

} // namespace

class WallTimer::Impl : public std::enable_shared_from_this<Impl> {
public:
    explicit Impl(asio::io_context& io) : timer_{io, make_timer()}, lead_{clock_lead()} {}

    void wait(std::optional<WallTime> until, std::function<void(Woken)> woken)
    {
        const bool clock_was_set = !arm(until);
        woken_ = std::move(woken);
        if (clock_was_set)
            asio::post(timer_.get_executor(), [weak = weak_from_this()] {
                if (const auto self = weak.lock()) self->tell(self->clock_set());
            });
        if (!waiting_) wait_readable();
    }

    void cancel() { woken_ = nullptr; }

private:
    /// False if the clock was set since the time before, and nobody has read that yet: the kernel tells it once, here
    /// or there, and the timer is armed all the same.
    bool arm(std::optional<WallTime> until)
    {
        // A zero would disarm it, and a negative time is none (timerfd_settime(2)): 1970 will do for all that is past.
        const nanoseconds wanted = until ? until->time_since_epoch() : nanoseconds::max();
        const itimerspec when{{}, to_timespec(std::max(wanted, nanoseconds{1}))};
        const auto flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
        if (::timerfd_settime(timer_.native_handle(), flags, &when, nullptr) == 0) {
            lead_ = clock_lead();
            return true;
        }
        if (errno == ECANCELED) return false;
        throw std::system_error{errno, std::generic_category(), "timerfd_settime"};
    }

    ClockSet clock_set()
    {
        const auto before = std::exchange(lead_, clock_lead());
        return {lead_ - before};
    }

    void wait_readable()
    {
        waiting_ = true;
        timer_.async_wait(asio::posix::descriptor_base::wait_read,
                          [weak = weak_from_this()](const boost::system::error_code& error) {
                              if (error) return;
                              if (const auto self = weak.lock()) self->readable();
                          });
    }

    /// The handler may have been on its way when the timer was armed anew: only what read(2) says counts.
    void readable()
    {
        waiting_ = false;
        std::uint64_t expirations = 0;
        const auto got = ::read(timer_.native_handle(), &expirations, sizeof expirations);
        if (got < 0 && errno == ECANCELED) return tell(clock_set());
        if (got > 0) return tell(Due{});
        if (woken_) wait_readable();
    }

    void tell(Woken what)
    {
        if (const auto woken = std::exchange(woken_, nullptr)) woken(what);
    }

    asio::posix::stream_descriptor timer_;
    std::function<void(Woken)> woken_;
    nanoseconds lead_;     // when the clock was last known
    bool waiting_ = false; // for the descriptor; goes on over a cancel()
};

WallTimer::WallTimer(asio::io_context& io) : impl_{std::make_shared<Impl>(io)} {}

WallTimer::WallTimer(WallTimer&&) noexcept = default;
WallTimer& WallTimer::operator=(WallTimer&&) noexcept = default;
WallTimer::~WallTimer() = default;

void WallTimer::wait(std::optional<WallTime> until, std::function<void(Woken)> woken)
{
    impl_->wait(until, std::move(woken));
}

void WallTimer::cancel() { impl_->cancel(); }

} // namespace pandora::supervisor::os
