#include "supervisor/logs/inbox.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::logs {

Inbox::Inbox() : event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}
{
    if (!event_) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

void Inbox::post(Task task)
{
    const std::lock_guard lock{mutex_};
    tasks_.push_back(std::move(task));
    wake();
}

void Inbox::hold()
{
    const std::lock_guard lock{mutex_};
    ++holds_;
}

void Inbox::release()
{
    const std::lock_guard lock{mutex_};
    --holds_;
    wake();
}

void Inbox::wake()
{
    if (holds_ > 0 || woken_ || tasks_.empty()) return;
    const std::uint64_t one = 1;
    woken_ = ::write(event_.get(), &one, sizeof one) == sizeof one;
}

std::vector<Inbox::Task> Inbox::take()
{
    const std::lock_guard lock{mutex_};
    std::uint64_t seen = 0;
    (void)!::read(event_.get(), &seen, sizeof seen);
    woken_ = false;
    return std::exchange(tasks_, {});
}

} // namespace pandora::supervisor::logs
