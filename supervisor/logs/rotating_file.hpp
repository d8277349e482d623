// One log file: appended to, rotated by size and age, found again when somebody moved or removed it.
#pragma once

#include "supervisor/logs/backups.hpp"
#include "supervisor/logs/source.hpp"
#include "supervisor/os/unique_fd.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <system_error>

namespace pandora::supervisor::logs {

/// Lives on the thread that writes files. No error ends it: it opens and writes anew with the next call.
class RotatingFile {
public:
    explicit RotatingFile(std::shared_ptr<Backups> backups);

    struct Written {
        std::size_t bytes = 0;     // less than asked for: `error` says why, and the file is closed
        std::size_t rotations = 0; // meanwhile
        std::error_code error;     // also of a rotation that failed, which costs no bytes
    };

    /// Appends `text`. A line is split over two files only where it alone is larger than `max_size`; one that somebody
    /// left unfinished in the file is ended first. `wall` and `now` are the same moment.
    Written write(std::string_view text, const procfiles::LogRotation& rotation, WallTime wall, SteadyTime now);

    /// When the file has to be rotated for its age, even if nothing is written to it; not before its last line ends.
    std::optional<SteadyTime> due(const procfiles::LogRotation& rotation) const;

    /// Rotates if that time has come.
    Written rotate_if_due(const procfiles::LogRotation& rotation, WallTime wall, SteadyTime now);

    /// Gives back the descriptor; the next write opens the file again.
    void close() { fd_ = os::UniqueFd{}; }

    bool is_open() const { return static_cast<bool>(fd_); }

private:
    std::error_code make_sure_it_is_open(WallTime wall, SteadyTime now);
    std::error_code open(WallTime wall, SteadyTime now);
    bool is_still_there();
    std::size_t piece_of(std::string_view text, std::uint64_t max_size, SteadyTime now) const;
    void rotate(const procfiles::LogRotation& rotation, WallTime wall, SteadyTime now, Written& written);

    std::shared_ptr<Backups> backups_;
    os::UniqueFd fd_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    std::uint64_t size_ = 0;
    bool in_line_ = false;               // it does not end in a newline
    bool rotates_ = true;                // a device has no backups
    SteadyTime begun_;                   // on the monotonic clock: to set the machine's clock rotates nothing
    std::optional<SteadyTime> next_try_; // of a rotation, after one that failed
};

} // namespace pandora::supervisor::logs
