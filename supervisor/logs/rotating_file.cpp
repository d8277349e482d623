#include "supervisor/logs/rotating_file.hpp"

#include "supervisor/logs/limits.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace pandora::supervisor::logs {

namespace {

namespace fs = std::filesystem;

constexpr mode_t file_mode = 0640; // readable for an administrators' group, never for everyone
constexpr mode_t folder_mode = 0750;

std::error_code last_error() { return {errno, std::generic_category()}; }

/// Each folder that is missing; not an error where another was faster.
std::error_code make_folders(const fs::path& folder)
{
    struct stat info {};

    if (folder.empty() || ::stat(folder.c_str(), &info) == 0) return {};
    if (folder.has_relative_path())
        if (auto error = make_folders(folder.parent_path())) return error;
    return ::mkdir(folder.c_str(), folder_mode) == 0 || errno == EEXIST ? std::error_code{} : last_error();
}

/// When the file was made, where the file system knows; otherwise `now`.
WallTime birth_of(int fd, WallTime now)
{
    struct statx info {};

    if (::statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &info) != 0 || (info.stx_mask & STATX_BTIME) == 0) return now;
    return WallTime{std::chrono::seconds{info.stx_btime.tv_sec}};
}

bool is_null_device(const struct stat& info) { return S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3); }

bool ends_within_line(int fd, off_t size)
{
    char last = '\n';
    return size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

} // namespace

RotatingFile::RotatingFile(std::shared_ptr<Backups> backups) : backups_{std::move(backups)} {}

RotatingFile::Written RotatingFile::write(std::string_view text, const procfiles::LogRotation& rotation, WallTime wall,
                                          SteadyTime now)
{
    Written written;
    if ((written.error = make_sure_it_is_open(wall, now))) return written;
    if (const auto time = due(rotation); time && *time <= now) rotate(rotation, wall, now, written);
    while (fd_ && written.bytes < text.size()) {
        const auto rest = text.substr(written.bytes);
        const auto length = piece_of(rest, rotation.max_size, now);
        if (length == 0) {
            rotate(rotation, wall, now, written);
            continue;
        }
        const auto done = ::write(fd_.get(), rest.data(), length);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) {
            written.error = last_error();
            close();
            break;
        }
        written.bytes += static_cast<std::size_t>(done);
        size_ += static_cast<std::uint64_t>(done);
        if (done > 0) in_line_ = rest[static_cast<std::size_t>(done) - 1] != '\n';
    }
    return written;
}

std::optional<SteadyTime> RotatingFile::due(const procfiles::LogRotation& rotation) const
{
    if (rotation.interval.count() == 0 || !fd_ || !rotates_ || size_ == 0 || in_line_) return std::nullopt;
    const auto old_enough = begun_ + rotation.interval;
    return next_try_ ? std::max(old_enough, *next_try_) : old_enough;
}

RotatingFile::Written RotatingFile::rotate_if_due(const procfiles::LogRotation& rotation, WallTime wall, SteadyTime now)
{
    Written written;
    if (const auto time = due(rotation); time && *time <= now) rotate(rotation, wall, now, written);
    return written;
}

/// How much of `text` goes into this file; 0 where it has to be rotated first.
std::size_t RotatingFile::piece_of(std::string_view text, std::uint64_t max_size, SteadyTime now) const
{
    const bool cannot = !rotates_ || (next_try_ && now < *next_try_);
    if (max_size == 0 || cannot || size_ + text.size() <= max_size) return text.size();
    if (size_ < max_size) {
        const auto newline = text.rfind('\n', static_cast<std::size_t>(max_size - size_ - 1));
        if (newline != std::string_view::npos) return newline + 1;
    }
    const bool ends_a_line = !in_line_ && size_ > 0;
    if (ends_a_line || size_ >= 2 * max_size) return 0; // twice: a line without end must not fill the disk
    const auto newline = text.find('\n');
    return newline == std::string_view::npos ? text.size() : newline + 1;
}

/// Goes on with the same file where it fails: better too large a file than lost lines.
void RotatingFile::rotate(const procfiles::LogRotation& rotation, WallTime wall, SteadyTime now, Written& written)
{
    const auto error = backups_->rotate(rotation.max_backups);
    if (error) {
        written.error = error;
        next_try_ = now + retry_delay;
        return;
    }
    ++written.rotations;
    next_try_.reset();
    if (const auto failed = open(wall, now)) written.error = failed;
}

std::error_code RotatingFile::make_sure_it_is_open(WallTime wall, SteadyTime now)
{
    return fd_ && is_still_there() ? std::error_code{} : open(wall, now);
}

/// By its name: who moved it away wants a new one, and what is written to a removed one is lost. Another program may
/// have emptied it, too.
bool RotatingFile::is_still_there()
{
    struct stat info {};

    if (::stat(backups_->file().c_str(), &info) != 0 || info.st_dev != device_ || info.st_ino != inode_) return false;
    size_ = static_cast<std::uint64_t>(info.st_size);
    return true;
}

/// A symbolic link is refused: in a folder that a worker may write to it could name any file. So is what could make
/// us wait, as a FIFO does.
std::error_code RotatingFile::open(WallTime wall, SteadyTime now)
{
    close();
    if (auto error = make_folders(backups_->file().parent_path())) return error;
    constexpr int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    os::UniqueFd fd{::open(backups_->file().c_str(), flags, file_mode)};

    struct stat info {};

    if (!fd || ::fstat(fd.get(), &info) != 0) return last_error();
    if (!S_ISREG(info.st_mode) && !is_null_device(info)) return std::make_error_code(std::errc::not_supported);
    if (ends_within_line(fd.get(), info.st_size)) {
        if (::write(fd.get(), "\n", 1) != 1) return last_error();
        ++info.st_size;
    }
    fd_ = std::move(fd);
    device_ = info.st_dev;
    inode_ = info.st_ino;
    size_ = static_cast<std::uint64_t>(info.st_size);
    in_line_ = false;
    rotates_ = S_ISREG(info.st_mode);
    const auto age = std::max(wall - birth_of(fd_.get(), wall), WallTime::duration::zero());
    begun_ = now - std::chrono::duration_cast<SteadyTime::duration>(age);
    return {};
}

} // namespace pandora::supervisor::logs
