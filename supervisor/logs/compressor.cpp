#include "supervisor/logs/compressor.hpp"

#include "supervisor/logs/compress.hpp"
#include "supervisor/logs/worker_thread.hpp"
#include "supervisor/os/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace pandora::supervisor::logs {

namespace {

constexpr int niceness = 10; // of this thread alone, as Linux has it: workers go first

std::error_code last_error() { return {errno, std::generic_category()}; }

} // namespace

Compressor::Compressor(std::function<void(std::string)> say) : say_{std::move(say)} {}

Compressor::~Compressor()
{
    {
        const std::lock_guard lock{mutex_};
        ending_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Compressor::request(std::shared_ptr<Backups> backups, procfiles::Compression kind, bool leftovers)
{
    const std::lock_guard lock{mutex_};
    requests_.insert({std::move(backups), kind, leftovers});
    changed_.notify_one();
    if (thread_.joinable()) return;
    try {
        thread_ = start_thread("logs-compress", [this] { run(); });
    } catch (const std::system_error& error) { // the next request tries again
        say_(std::string{"rotated logs are not compressed: "} + error.what());
    }
}

bool Compressor::ending()
{
    const std::lock_guard lock{mutex_};
    return ending_;
}

void Compressor::run()
{
    ::setpriority(PRIO_PROCESS, 0, niceness);
    std::unique_lock lock{mutex_};
    for (;;) {
        changed_.wait(lock, [this] { return ending_ || !requests_.empty(); });
        if (ending_) return;
        const auto request = std::move(requests_.extract(requests_.begin()).value());
        lock.unlock();
        work(request);
        lock.lock();
    }
}

/// A backup that cannot be compressed stays as it is; the next rotation tries again.
void Compressor::work(const Request& request)
{
    if (request.leftovers) request.backups->remove_leftovers();
    if (request.kind == procfiles::Compression::none) return;
    while (const auto backup = request.backups->uncompressed()) {
        const auto error = compress_one(*request.backups, *backup, request.kind);
        if (!error) {
            complained_.erase(request.backups.get());
            continue;
        }
        if (error != std::errc::operation_canceled && complained_.insert(request.backups.get()).second)
            say_(backup->string() + ": cannot be compressed: " + error.message());
        return;
    }
}

std::error_code Compressor::compress_one(const Backups& backups, const std::filesystem::path& backup,
                                         procfiles::Compression kind)
{
    const os::UniqueFd from{::open(backup.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};

    struct stat info {};

    if (!from || ::fstat(from.get(), &info) != 0) {
        // A rotation or the limit on backups was faster than we: there is another one, or none.
        return errno == ENOENT ? std::error_code{} : last_error();
    }
    if (!S_ISREG(info.st_mode)) return std::make_error_code(std::errc::not_supported);
    const auto unfinished = backups.unfinished();
    ::unlink(unfinished.c_str());
    const os::UniqueFd to{
        ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, info.st_mode & 0777U)};
    if (!to) return last_error();
    auto error = compress(kind, from.get(), to.get(), [this] { return ending(); });
    const std::array<timespec, 2> times{info.st_atim, info.st_mtim}; // max_age counts from the last line
    ::futimens(to.get(), times.data());
    if (!error) error = backups.replace(info.st_ino, kind);
    if (error) ::unlink(unfinished.c_str());
    return error;
}

} // namespace pandora::supervisor::logs
