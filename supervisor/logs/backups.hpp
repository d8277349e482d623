// The rotated files beside a log file: FILE.1 is the youngest. Each is renamed, never copied, so a crash at any point
// loses nothing.
#pragma once

#include "procfiles/spec.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace pandora::supervisor::logs {

/// Of one log file. Shared by the thread that rotates and the one that compresses; each call takes a few renames.
class Backups {
public:
    explicit Backups(std::filesystem::path file);

    const std::filesystem::path& file() const { return file_; }

    /// Makes FILE the youngest backup, and removes those beyond `max_backups` (0 = none).
    std::error_code rotate(std::uint32_t max_backups);

    /// Removes those that were last written to before `time`.
    void remove_older(std::filesystem::file_time_type time) const;

    /// After a crash: removes what was compressed in part. Nothing may be compressing meanwhile.
    void remove_leftovers() const;

    /// The oldest backup that is not compressed yet, by name.
    std::optional<std::filesystem::path> uncompressed() const;

    /// Where compressing writes to.
    std::filesystem::path unfinished() const;

    /// Puts unfinished() in the place of the backup whose inode is `of`, which may have moved on or be gone meanwhile.
    std::error_code replace(std::uint64_t of, procfiles::Compression kind) const;

private:
    struct Backup {
        std::uint64_t number = 0;
        std::string suffix; // ".gz", ".zst" or none
    };

    std::vector<Backup> list() const;
    std::filesystem::path path_of(const Backup& backup) const;
    std::error_code shift() const;
    void remove_beyond(std::uint32_t max_backups) const;

    std::filesystem::path file_;
    mutable std::mutex mutex_; // over the names
};

} // namespace pandora::supervisor::logs
