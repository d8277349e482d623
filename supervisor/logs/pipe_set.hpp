// All pipes that are read: which of them are watched, which wait, which are over.
#pragma once

#include "supervisor/logs/losses.hpp"
#include "supervisor/logs/pipe_reader.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace pandora::supervisor::logs {

/// Lives on the reading thread.
class PipeSet {
public:
    /// `epoll` is borrowed; its events carry the address of a PipeReader, for readable().
    PipeSet(int epoll, Console& console, FileWriter& files);
    PipeSet(const PipeSet&) = delete;
    PipeSet& operator=(const PipeSet&) = delete;

    void adopt(std::shared_ptr<const Origin> origin, os::UniqueFd pipe, std::shared_ptr<Tail> tail);

    /// Reads from it; it may be gone afterwards.
    void readable(PipeReader& reader);

    /// See Pump::ended().
    void ended(const InstanceKey& instance);

    /// There may be room in the files' queues again.
    void resume_held();

    /// When something has to be done even if nothing is read.
    std::optional<SteadyTime> due() const { return due_; }

    void perform_due(SteadyTime now);

    /// Reads what is in all pipes, at most until `end` where a disk is slow.
    void finish(SteadyTime end);

private:
    using Readers = std::map<PipeReader*, std::unique_ptr<PipeReader>>;

    void watch(PipeReader& reader);
    void hold(PipeReader& reader, std::chrono::milliseconds time);
    void note(SteadyTime time);
    void note_all_of(const PipeReader& reader);
    bool perform_due(PipeReader& reader, SteadyTime now);
    void show_partial_later(PipeReader& reader, SteadyTime now);
    void read_rest(PipeReader& reader, SteadyTime end);
    void close(PipeReader& reader);
    void dropped(const std::shared_ptr<LogFile>& file, std::string_view text, Counters& counters);

    int epoll_;
    Console& console_;
    FileWriter& files_;
    ReadBuffer buffer_;
    Sinks sinks_;
    Readers readers_;
    std::set<PipeReader*> held_;
    std::map<std::shared_ptr<LogFile>, std::size_t> users_; // how many pipes lead to it
    std::map<std::shared_ptr<LogFile>, Losses> losses_;     // of files whose disk is too slow
    std::optional<SteadyTime> due_;                         // not later than the earliest note
    bool cannot_watch_ = false;                             // and said so
};

} // namespace pandora::supervisor::logs
