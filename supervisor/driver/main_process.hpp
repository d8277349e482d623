// A process that a worker has named as its main one: not our child, but a descendant.
#pragma once

#include "supervisor/core/exit_status.hpp"
#include "supervisor/os/unique_fd.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <sys/types.h>

namespace pandora::supervisor {

/// Lives on the loop's thread. Destroying it forgets the process.
class MainProcess {
public:
    /// nullopt: it is gone, or the loop takes no more descriptors. `ended` runs once on the loop. Its exit status is
    /// known where it has been adopted from a parent that ended; else it counts as exit 0, for only its parent may
    /// know.
    static std::optional<MainProcess> watch(boost::asio::io_context& io, pid_t pid,
                                            std::function<void(core::ExitStatus)> ended);

    MainProcess(MainProcess&&) noexcept;
    MainProcess& operator=(MainProcess&&) noexcept;
    ~MainProcess();

    pid_t pid() const;

    /// Reaps it, where it has ended and was adopted, and reports its end now; `ended` may destroy the object.
    void collect();

    void signal(int number) const;

private:
    class Impl;
    explicit MainProcess(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

} // namespace pandora::supervisor
