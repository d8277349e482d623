#include "supervisor/app/saved_config.hpp"

#include "supervisor/app/config_journal.hpp"
#include "supervisor/os/unique_fd.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::app {

namespace {

namespace fs = std::filesystem;

constexpr mode_t owner_only = 0600; // what applications configure is nobody else's business

[[noreturn]] void fail(const std::string& what) { throw std::system_error{errno, std::generic_category(), what}; }

os::UniqueFd open_or_fail(const fs::path& path, int flags)
{
    os::UniqueFd fd{::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, owner_only)};
    if (!fd) fail("cannot open " + path.string());
    return fd;
}

/// Empty where there is no such file.
std::string read_file(const fs::path& path)
{
    if (!fs::exists(path)) return {};
    const auto fd = open_or_fail(path, O_RDONLY);
    std::string text;
    std::array<char, 64 * 1024> chunk{};
    for (;;) {
        const auto count = ::read(fd.get(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("cannot read " + path.string());
        if (count == 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
}

void write_all(const os::UniqueFd& fd, std::string_view text, const fs::path& path)
{
    while (!text.empty()) {
        const auto count = ::write(fd.get(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("cannot write " + path.string());
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

/// The contents reach the disk before the name does, and the name before this returns.
void replace_file(const fs::path& path, std::string_view text)
{
    const auto folder = path.parent_path();
    if (fs::create_directories(folder)) fs::permissions(folder, fs::perms::owner_all);
    auto fresh = path;
    fresh += ".new";
    {
        const auto fd = open_or_fail(fresh, O_WRONLY | O_CREAT | O_TRUNC);
        if (::fchmod(fd.get(), owner_only) != 0) fail("cannot protect " + fresh.string()); // it may be a leftover
        write_all(fd, text, fresh);
        if (::fsync(fd.get()) != 0) fail("cannot write " + fresh.string());
    }
    fs::rename(fresh, path);
    if (::fsync(open_or_fail(folder, O_RDONLY | O_DIRECTORY).get()) != 0) fail("cannot write " + folder.string());
}

std::string trouble_of(const fs::path& path, std::string_view text)
{
    try {
        replace_file(path, text);
        return {};
    } catch (const std::exception& error) {
        return std::string{"the configuration is not kept on disk: "} + error.what();
    }
}

} // namespace

SavedConfig::SavedConfig(boost::asio::io_context& io, fs::path file, Complain complain)
    : io_{io}, file_{std::move(file)}, complain_{std::move(complain)}
{
    if (file_.empty()) return;
    try {
        journal_ = read_file(file_);
    } catch (const std::exception& error) {
        complain_(std::string{"the configuration of the last run is not known: "} + error.what());
    }
    writer_.emplace(1);
}

SavedConfig::~SavedConfig()
{
    if (!writer_) return;
    writer_->join();
    if (newer_) trouble_of(file_, journal_);
}

void SavedConfig::add(const control::ConfigPiece& piece)
{
    if (piece.begins) begun_at_ = journal_.size();
    journal_ += piece.text;
    if (piece.ends) journal_.erase(0, std::exchange(begun_at_, 0));
    if (file_.empty()) return;
    newer_ = true;
    if (!writing_) write();
}

control::ConfigPiece SavedConfig::piece_at(std::size_t offset) const
{
    const auto lines = lines_from(journal_, offset);
    return {.text = std::string{lines}, .begins = offset == 0, .ends = offset + lines.size() >= journal_.size()};
}

void SavedConfig::write()
{
    writing_ = true;
    newer_ = false;
    boost::asio::post(*writer_, [this, text = journal_] {
        boost::asio::post(io_, [this, trouble = trouble_of(file_, text)] { written(trouble); });
    });
}

void SavedConfig::written(const std::string& trouble)
{
    writing_ = false;
    if (!trouble.empty() && !failing_) complain_(trouble);
    failing_ = !trouble.empty();
    if (newer_) write();
}

} // namespace pandora::supervisor::app
