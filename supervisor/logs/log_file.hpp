// A log file with all that is known of it: what waits to be written, who wrote it, what was lost.
#pragma once

#include "supervisor/logs/compressor.hpp"
#include "supervisor/logs/counters.hpp"
#include "supervisor/logs/file_text.hpp"
#include "supervisor/logs/losses.hpp"
#include "supervisor/logs/read_buffer.hpp"
#include "supervisor/logs/rotating_file.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::supervisor::logs {

/// A pipe as the threads share it; never changed.
struct Origin {
    Source source;            // with an output
    std::uint64_t number = 0; // of the pipe, from 1
    std::shared_ptr<Counters> counters;
};

/// A block on its way to a file.
struct Passage {
    std::shared_ptr<const Origin> origin;
    std::shared_ptr<const Chunk> chunk; // holds the block's bytes
    Block block;
    WallTime time;
};

/// All but queued() lives on the thread that writes files.
class LogFile {
public:
    using Say = std::function<void(std::string)>;

    LogFile(const std::filesystem::path& path, Compressor& compressor, Say say);

    /// Writes, or gathers what is small until flush().
    void add(const Passage& passage, SteadyTime now);
    void flush(SteadyTime now);

    /// Nobody writes to it for now.
    void close(SteadyTime now);

    /// What has to be done at its time even if nothing is written: rotation by age, removal of old backups.
    std::optional<SteadyTime> due() const;
    void perform_due(SteadyTime now);

    /// Bytes between the reading thread and here.
    std::atomic<std::size_t>& queued() { return queued_; }

    const std::filesystem::path& path() const { return backups_->file(); }

private:
    /// Whose bytes wait in pending_, up to which one.
    struct Share {
        std::shared_ptr<const Origin> origin;
        std::size_t end = 0;
    };

    void take(const std::shared_ptr<const Origin>& origin, std::string_view text, SteadyTime now);
    void write(std::string_view text, const std::vector<Share>& shares, SteadyTime now);
    void settle(const RotatingFile::Written& written, Counters& counters);
    void drop(std::string_view text, Counters& counters, std::string_view why, SteadyTime now);
    void begin(const Output& output, SteadyTime now);
    void say(const std::optional<std::string>& text) const;

    std::shared_ptr<Backups> backups_;
    RotatingFile file_;
    FileText text_;
    Compressor& compressor_;
    Say say_;
    Losses losses_;
    std::atomic<std::size_t> queued_{0};
    procfiles::LogRotation rotation_; // of who wrote last
    std::string scratch_;
    std::string pending_;
    std::vector<Share> shares_; // of pending_
    WallTime wall_;             // of what was added last
    std::string error_;         // of the last write that failed
    std::optional<SteadyTime> retry_at_;
    std::optional<SteadyTime> next_expiry_;
    bool begun_ = false;
    bool cannot_rotate_ = false;
};

} // namespace pandora::supervisor::logs
