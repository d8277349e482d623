#include "supervisor/os/child.hpp"

#include "supervisor/os/process_tree.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/system_error.hpp>

#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <utility>

namespace pandora::supervisor::os {

namespace asio = boost::asio;

/// The pidfd is the child's only descriptor here, and its only entry in the loop.
class Child::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& io, Spawned spawned, Ended ended)
        : pid_{spawned.pid}, pidfd_{io, spawned.pidfd.get()}, ended_{std::move(ended)}
    {
        (void)spawned.pidfd.release(); // only now: a loop that takes no more descriptors throws, and owns nothing
    }

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// A pidfd becomes readable when its process has ended (pidfd_open(2)).
    void wait()
    {
        pidfd_.async_wait(asio::posix::descriptor_base::wait_read,
                          [weak = weak_from_this()](const boost::system::error_code& error) {
                              if (error) return;
                              if (const auto self = weak.lock()) self->collect();
                          });
    }

    void collect()
    {
        siginfo_t info{};
        if (!ended_ || ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.native_handle()), &info, WEXITED | WNOHANG) != 0)
            return;
        if (info.si_pid == 0) return; // not yet
        pidfd_.cancel();
        const auto ended = std::exchange(ended_, nullptr);
        if (info.si_code == CLD_EXITED)
            ended(ChildExited{info.si_status});
        else
            ended(ChildKilled{info.si_status, info.si_code == CLD_DUMPED});
    }

    void signal(int number)
    {
        ::syscall(SYS_pidfd_send_signal, pidfd_.native_handle(), number, nullptr, 0); // ESRCH: its end is on the way
    }

    pid_t pid() const { return pid_; }

private:
    pid_t pid_;
    asio::posix::stream_descriptor pidfd_;
    Ended ended_;
};

Child::Child(std::shared_ptr<Impl> impl) : impl_{std::move(impl)} {}

Child::Child(Child&&) noexcept = default;
Child& Child::operator=(Child&&) noexcept = default;
Child::~Child() = default;

SpawnResult<Child> Child::launch(asio::io_context& io, const SpawnRequest& request, Ended ended)
{
    auto spawned = spawn(request);
    if (!spawned) return spawned.error();
    const auto pid = spawned->pid;
    try {
        auto impl = std::make_shared<Impl>(io, std::move(*spawned), std::move(ended));
        impl->wait();
        return Child{std::move(impl)};
    } catch (const boost::system::system_error& error) {
        abandon(pid);
        return SpawnError{SpawnStage::watch, error.code(), request.argv.front()};
    }
}

pid_t Child::pid() const { return impl_->pid(); }

void Child::collect()
{
    const auto keep = impl_; // the report may destroy this object
    keep->collect();
}

void Child::signal(int number) const { impl_->signal(number); }

void Child::signal_group(int number) const { ::kill(-impl_->pid(), number); }

/// The system call answers for the usual case at once, but counts zombies as members.
bool Child::group_is_empty() const
{
    return (::kill(-impl_->pid(), 0) != 0 && errno == ESRCH) || !group_runs(impl_->pid());
}

} // namespace pandora::supervisor::os
