// Starts attempts of every kind, and holds what they share.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/os/spawn.hpp"
#include "supervisor/probes/attempt.hpp"

#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <functional>
#include <memory>

namespace pandora::supervisor::probes {

/// What a probe takes from the process it is of.
struct Surroundings {
    /// Everything to run `command` but its standard streams, as the process itself would be run: its environment and
    /// user. `folder` is where; empty = the process' own. Called at most once, by start(). May throw std::system_error.
    std::function<os::SpawnRequest(const procfiles::ShellCommand& command, const std::filesystem::path& folder)>
        command;

    /// Asks whether the hub hears from the process, and has the answer told on the loop's thread: now, later, or not at
    /// all. Called at most once, by start(). Absent: there is no hub, and probes of it fail.
    std::function<void(Answered)> hub;
};

/// Lives on one loop, on the thread that spawns (see os::spawn). Attempts may outlive it.
class Prober {
public:
    explicit Prober(boost::asio::io_context& io);
    ~Prober();
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

    /// Begins at once, and answers within `probe.timeout`, whatever the other side does. What cannot even be begun is
    /// an answer, too.
    Attempt start(const procfiles::Probe& probe, const Surroundings& surroundings, Answered answered);

private:
    struct Shared;
    boost::asio::io_context& io_;
    std::unique_ptr<Shared> shared_;
};

} // namespace pandora::supervisor::probes
