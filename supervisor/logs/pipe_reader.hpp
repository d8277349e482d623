// One pipe of a worker: reads it, and hands what it gave to everything that wants it.
#pragma once

#include "supervisor/logs/console.hpp"
#include "supervisor/logs/file_writer.hpp"
#include "supervisor/logs/read_buffer.hpp"
#include "supervisor/logs/tails.hpp"
#include "supervisor/os/unique_fd.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pandora::supervisor::logs {

/// What all pipes share. Borrowed; the reading thread's.
struct Sinks {
    Console& console;
    FileWriter& files;
    ReadBuffer& buffer;
    /// There was no room in the file's queue.
    std::function<void(const std::shared_ptr<LogFile>& file, std::string_view text, Counters& counters)> dropped;
};

/// Lives on the reading thread.
class PipeReader {
public:
    /// `file` may be null. Makes the descriptor non-blocking: our end of the pipe is ours alone.
    PipeReader(std::shared_ptr<const Origin> origin, os::UniqueFd pipe, std::shared_ptr<LogFile> file,
               std::shared_ptr<Tail> tail);

    enum class Read : std::uint8_t {
        some,
        emptied,
        no_room, // its file's queue is rather full; nothing was read
        ended,   // the last writer has closed it
    };

    /// One read. `must`: without regard to room; what the file's queue does not take is dropped.
    Read read(const Sinks& sinks, bool must);

    /// Hands on the unfinished line: `at_end` all of it, otherwise but for a character that is not complete.
    void flush(const Sinks& sinks, bool at_end);

    bool has_partial() const { return !partial_.empty(); }

    /// What the kernel holds for us at most.
    std::size_t capacity() const;

    int descriptor() const { return pipe_.get(); }

    const Origin& origin() const { return *origin_; }

    const std::shared_ptr<LogFile>& file() const { return file_; }

    /// What whoever watches it has noted.
    struct Notes {
        std::optional<SteadyTime> show_partial_at; // forgotten when a line ends
        std::optional<SteadyTime> lingers_since;   // its run has ended; or when it last gave something since
        std::optional<SteadyTime> held_since;      // not watched
        std::optional<SteadyTime> held_until;
        bool impatient = false; // the disk is slow: it is read without regard to room until there is some
    } notes;

private:
    void hand_on(const Sinks& sinks, std::string_view text); // which is the beginning of the buffer's space
    void grow();

    std::shared_ptr<const Origin> origin_;
    os::UniqueFd pipe_;
    std::shared_ptr<LogFile> file_;
    std::shared_ptr<Tail> tail_;
    std::optional<LineWatch> watch_;
    std::string partial_;  // of a line
    bool in_line_ = false; // what was handed on last did not end its line
    bool may_grow_ = true;
};

} // namespace pandora::supervisor::logs
