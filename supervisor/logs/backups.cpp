#include "supervisor/logs/backups.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string_view>
#include <sys/stat.h>

namespace pandora::supervisor::logs {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 3> suffixes{"", ".gz", ".zst"};
constexpr std::string_view unfinished_suffix = ".compressing";

std::string_view suffix_of(procfiles::Compression kind)
{
    switch (kind) {
    case procfiles::Compression::none: return suffixes[0];
    case procfiles::Compression::gzip: return suffixes[1];
    case procfiles::Compression::zstd: return suffixes[2];
    }
    return {};
}

std::error_code renamed(const fs::path& from, const fs::path& to)
{
    if (std::rename(from.c_str(), to.c_str()) == 0) return {};
    return {errno, std::generic_category()};
}

/// 0 where there is no such file.
std::uint64_t inode_of(const fs::path& path)
{
    struct stat info {};

    return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

} // namespace

Backups::Backups(fs::path file) : file_{std::move(file)} {}

fs::path Backups::unfinished() const { return fs::path{file_} += unfinished_suffix; }

fs::path Backups::path_of(const Backup& backup) const
{
    return fs::path{file_} += "." + std::to_string(backup.number) + backup.suffix;
}

/// Youngest first; of one number, the uncompressed first.
std::vector<Backups::Backup> Backups::list() const
{
    std::vector<Backup> found;
    const auto stem = file_.filename().string() + ".";
    std::error_code error;
    for (fs::directory_iterator at{file_.parent_path(), error}, end; !error && at != end; at.increment(error)) {
        const auto name = at->path().filename().string();
        if (!name.starts_with(stem)) continue;
        Backup backup;
        const auto* last = name.data() + name.size();
        const auto parsed = std::from_chars(name.data() + stem.size(), last, backup.number);
        backup.suffix.assign(parsed.ptr, last);
        if (parsed.ec == std::errc{} && backup.number > 0 && path_of(backup) == at->path() &&
            std::ranges::find(suffixes, backup.suffix) != suffixes.end())
            found.push_back(std::move(backup));
    }
    std::ranges::sort(found, {}, [](const Backup& backup) { return std::pair{backup.number, backup.suffix}; });
    return found;
}

std::error_code Backups::rotate(std::uint32_t max_backups)
{
    const std::lock_guard lock{mutex_};
    if (auto error = shift()) return error;
    if (auto error = renamed(file_, path_of({1, ""}))) return error;
    if (max_backups > 0) remove_beyond(max_backups);
    return {};
}

/// Makes room for a new FILE.1, oldest first, so that no name is taken. A gap ends it: what is beyond stands well.
std::error_code Backups::shift() const
{
    auto backups = list();
    std::uint64_t next = 1;
    const auto gap = std::ranges::find_if(backups, [&](const Backup& backup) {
        if (backup.number > next) return true;
        next = backup.number + 1;
        return false;
    });
    backups.erase(gap, backups.end());
    for (auto backup = backups.rbegin(); backup != backups.rend(); ++backup)
        if (auto error = renamed(path_of(*backup), path_of({backup->number + 1, backup->suffix}))) return error;
    return {};
}

void Backups::remove_beyond(std::uint32_t max_backups) const
{
    std::error_code ignored; // it is tried again with the next rotation
    for (const auto& backup : list())
        if (backup.number > max_backups) fs::remove(path_of(backup), ignored);
}

void Backups::remove_older(fs::file_time_type time) const
{
    const std::lock_guard lock{mutex_};
    for (const auto& backup : list()) {
        std::error_code error;
        const auto written = fs::last_write_time(path_of(backup), error);
        if (!error && written < time) fs::remove(path_of(backup), error);
    }
}

/// Also a compressed file whose original is still there: the crash came between the two last steps.
void Backups::remove_leftovers() const
{
    const std::lock_guard lock{mutex_};
    std::error_code ignored;
    fs::remove(unfinished(), ignored);
    std::uint64_t original = 0;
    for (const auto& backup : list()) {
        if (backup.suffix.empty())
            original = backup.number;
        else if (backup.number == original)
            fs::remove(path_of(backup), ignored);
    }
}

std::optional<fs::path> Backups::uncompressed() const
{
    const std::lock_guard lock{mutex_};
    const auto backups = list();
    const auto oldest =
        std::find_if(backups.rbegin(), backups.rend(), [](const Backup& backup) { return backup.suffix.empty(); });
    return oldest == backups.rend() ? std::nullopt : std::optional{path_of(*oldest)};
}

std::error_code Backups::replace(std::uint64_t of, procfiles::Compression kind) const
{
    const std::lock_guard lock{mutex_};
    for (const auto& backup : list()) {
        const auto original = path_of(backup);
        if (!backup.suffix.empty() || inode_of(original) != of) continue;
        if (auto error = renamed(unfinished(), path_of({backup.number, std::string{suffix_of(kind)}}))) return error;
        std::error_code error;
        fs::remove(original, error);
        return error;
    }
    std::error_code ignored;
    fs::remove(unfinished(), ignored); // removed as too old or too many while it was compressed
    return {};
}

} // namespace pandora::supervisor::logs
