// Reads what the workers write, on a thread of its own: neither a slow terminal nor a full disk nor a flood of output
// ever delays a restart, and no worker ever waits on its pipe.
#pragma once

#include "supervisor/logs/source.hpp"
#include "supervisor/os/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace pandora::supervisor::logs {

/// The threads (one reads, one writes files, one compresses) run from construction to destruction. Every function may
/// be called from any thread. Throws std::system_error where it cannot start.
class Pump {
public:
    /// Writes to `console_fd` (borrowed). `name_width`: columns for the longest label.
    Pump(int console_fd, std::size_t name_width);

    /// As finish(), without a word about what was lost.
    ~Pump();
    Pump(const Pump&) = delete;
    Pump& operator=(const Pump&) = delete;

    /// Reads `pipe` (or the master side of a terminal) until its last writer has closed it; after ended(), see there.
    void attach(Source source, os::UniqueFd pipe);

    /// The run is over, its group gone: what it wrote is still read. A pipe that somebody else holds open, as a daemon
    /// does that the worker left behind, is read on while it is written to: up to linger_max of silence, and at most
    /// lingering_pipes_max for an instance. To be called before the next run's attach().
    void ended(InstanceKey instance);

    /// What is asked of the pump while one of these lives wakes its thread once, at the end: a turn of the master's
    /// loop may start many workers, and each wake-up costs the thread that gives it.
    class Batch {
    public:
        explicit Batch(Pump& pump);
        ~Batch();
        Batch(const Batch&) = delete;
        Batch& operator=(const Batch&) = delete;

    private:
        Pump& pump_;
    };

    /// The end: reads what is in the pipes and writes it, as long as the reader of the console takes some of it now and
    /// then, and the disk within its time (limits.hpp). `done` runs on a thread of the pump's, the last thing it does,
    /// and is told how many lines of the console nobody has read where its reader is given up. To be called once at
    /// most; what is attached or said afterwards may be lost.
    void finish(std::function<void(std::uint64_t lines_lost)> done);

    /// The end waits for no reader any more.
    void hurry();

    /// A line of pandora's own.
    void say(std::string text);

    /// The last `lines` of an instance in memory, over all its runs, oldest first, and of them those at `from` or
    /// beyond: who follows asks for one more than the last position it has seen.
    std::vector<TailLine> tail(const InstanceKey& instance, std::size_t lines, std::uint64_t from = 0) const;

    /// By process, of all that ever had a pipe.
    std::map<std::string, Counts> counts() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace pandora::supervisor::logs
