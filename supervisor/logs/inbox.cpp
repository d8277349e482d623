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
    const std::uint64_t one = 1;
    if (tasks_.size() == 1) (void)!::write(event_.get(), &one, sizeof one); // later ones find it awake
}

std::vector<Inbox::Task> Inbox::take()
{
    const std::lock_guard lock{mutex_};
    std::uint64_t seen = 0;
    (void)!::read(event_.get(), &seen, sizeof seen);
    return std::exchange(tasks_, {});
}

} // namespace pandora::supervisor::logs
