#include "supervisor/driver/main_process.hpp"

#include "supervisor/driver/outcome.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor {

namespace asio = boost::asio;

class MainProcess::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& io, pid_t pid, os::UniqueFd pidfd, std::function<void(core::ExitStatus)> ended)
        : pid_{pid}, pidfd_{io, pidfd.release()}, ended_{std::move(ended)}
    {}

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
        if (!ended_) return;
        pidfd_.cancel();
        const auto ended = std::exchange(ended_, nullptr);
        ended(status());
    }

    pid_t pid() const { return pid_; }

    int pidfd() { return pidfd_.native_handle(); }

private:
    core::ExitStatus status()
    {
        siginfo_t info{};
        if (::waitid(P_PIDFD, static_cast<id_t>(pidfd()), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
            return core::Exited{0};
        if (info.si_code == CLD_EXITED) return core::Exited{info.si_status};
        return core::Killed{info.si_status, info.si_code == CLD_DUMPED};
    }

    pid_t pid_;
    asio::posix::stream_descriptor pidfd_;
    std::function<void(core::ExitStatus)> ended_;
};

std::optional<MainProcess> MainProcess::watch(asio::io_context& io, pid_t pid,
                                              std::function<void(core::ExitStatus)> ended)
{
    os::UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!pidfd) return std::nullopt;
    try {
        MainProcess process{std::make_shared<Impl>(io, pid, std::move(pidfd), std::move(ended))};
        process.impl_->wait();
        return process;
    } catch (const boost::system::system_error&) {
        return std::nullopt;
    }
}

MainProcess::MainProcess(std::shared_ptr<Impl> impl) : impl_{std::move(impl)} {}

MainProcess::MainProcess(MainProcess&&) noexcept = default;
MainProcess& MainProcess::operator=(MainProcess&&) noexcept = default;
MainProcess::~MainProcess() = default;

pid_t MainProcess::pid() const { return impl_->pid(); }

void MainProcess::collect()
{
    const auto keep = impl_;
    keep->collect();
}

void MainProcess::signal(int number) const { ::syscall(SYS_pidfd_send_signal, impl_->pidfd(), number, nullptr, 0); }

} // namespace pandora::supervisor
