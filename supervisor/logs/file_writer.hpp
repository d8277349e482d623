// Writes to the log files, on a thread of its own: a disk that is slow, full or gone holds up nobody who reads pipes.
#pragma once

#include "supervisor/logs/log_file.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace pandora::supervisor::logs {

/// Its functions are called from the reading thread.
class FileWriter {
public:
    /// What it asks for, on threads of its own.
    struct Calls {
        std::function<void(std::string)> say; // tells the operator
        std::function<void()> room;           // has_room() may be true again; see call_when_there_is_room()
    };

    explicit FileWriter(Calls calls);

    /// Ends as finish(0) does.
    ~FileWriter();
    FileWriter(const FileWriter&) = delete;
    FileWriter& operator=(const FileWriter&) = delete;

    /// One object a path, for its own life: whoever writes to a file writes through the same.
    std::shared_ptr<LogFile> file(const std::filesystem::path& path);

    /// Nothing speaks against reading what is to go into the file.
    bool has_room(LogFile& file) const;
    void call_when_there_is_room();

    /// `bytes` fit into the file's queue, and into all of them together.
    bool can_take(LogFile& file, std::size_t bytes) const;

    /// The thread lacks the CPU: room is a matter of other load, not of the disk.
    bool waits_for_cpu() const;

    /// Waits for room, at most until `end`.
    bool wait_for_room(LogFile& file, SteadyTime end) const;

    /// The block, which can be taken, is written in its turn.
    void write(std::shared_ptr<LogFile> file, Passage passage);

    /// No pipe leads to the file any more: its descriptor is given back.
    void close(std::shared_ptr<LogFile> file);

    /// Writes what waits, and ends the thread. False where that took longer than `patience`: the disk is stuck, and
    /// the thread is left to it.
    bool finish(std::chrono::milliseconds patience);

private:
    class Thread;
    std::shared_ptr<Thread> thread_; // shared with the thread itself, which may be left behind
};

} // namespace pandora::supervisor::logs
