#include "supervisor/os/run_directory.hpp"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace pandora::supervisor::os {

namespace {

namespace fs = std::filesystem;

// sun_path holds 107 characters and a NUL; the longest name in the folder is "/pandorajs_pandora_msg_hub.sock".
constexpr std::size_t path_bytes_max = 76;

[[noreturn]] void fail(const fs::path& path, const std::string& why)
{
    throw std::runtime_error{"run directory " + path.string() + ": " + why};
}

/// In a folder where anyone may make files: ours must be ours all the way down.
fs::path shared_fallback() { return "/tmp/pandora-" + std::to_string(::geteuid()); }

void make_private_folder(const fs::path& path)
{
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) fail(path, "cannot make " + path.parent_path().string() + ": " + error.message());
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail(path, std::strerror(errno));

    struct stat info {};

    if (::lstat(path.c_str(), &info) != 0) fail(path, std::strerror(errno));
    // In /tmp anyone may have made it first, with a link or with themselves as owner.
    if (!S_ISDIR(info.st_mode)) fail(path, "is not a folder");
    if (info.st_uid != ::geteuid()) fail(path, "belongs to user " + std::to_string(info.st_uid));
    if (::chmod(path.c_str(), 0700) != 0) fail(path, std::strerror(errno));
}

/// A cleaner holds the folder's lock, too, while it looks into it. False: it is a master's.
bool lock_folder(const UniqueFd& folder)
{
    constexpr auto patience = std::chrono::seconds{1};
    constexpr auto pause = std::chrono::milliseconds{20};
    const auto end = std::chrono::steady_clock::now() + patience;
    while (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return true; // NFS locks no folders: the file's lock has to do
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(pause);
    }
    return true;
}

std::string running_master(const fs::path& folder)
{
    std::ifstream file{folder / "master.pid"};
    std::string pid;
    return file >> pid ? "pid " + pid : "pid unknown";
}

} // namespace

fs::path runtime_root()
{
    if (const char* named = std::getenv("PANDORA_RUNTIME_DIR"); named && *named) return named;
    if (::geteuid() == 0) return "/run/pandora";
    if (const char* xdg = std::getenv("XDG_RUNTIME_DIR"); xdg && *xdg == '/') return fs::path{xdg} / "pandora";
    return shared_fallback();
}

RunDirectory::RunDirectory(const std::string& app) : path_{fs::absolute(runtime_root() / app).lexically_normal()}
{
    if (path_.native().size() > path_bytes_max)
        fail(path_, "is longer than " + std::to_string(path_bytes_max) +
                        " characters; set PANDORA_RUNTIME_DIR to a shorter folder");
    if (path_.parent_path() == shared_fallback()) make_private_folder(path_.parent_path());
    make_private_folder(path_);
    folder_ = UniqueFd{::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
    if (!folder_) fail(path_, std::strerror(errno));
    lock_ = UniqueFd{::openat(folder_.get(), "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!lock_) fail(path_, std::string{"lock: "} + std::strerror(errno));
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0 || !lock_folder(folder_))
        throw std::runtime_error{"app `" + app + "` is already running (" + running_master(path_) + ", " +
                                 path_.string() + ")"};
    std::ofstream{path_ / "master.pid", std::ios::trunc} << ::getpid() << '\n';
}

bool RunDirectory::is_there() const
{
    struct stat ours {};

    struct stat found {};

    return ::fstat(folder_.get(), &ours) == 0 && ::lstat(path_.c_str(), &found) == 0 && ours.st_dev == found.st_dev &&
           ours.st_ino == found.st_ino;
}

/// The lock file itself stays: to unlink it would let two masters hold locks on two files of one name. Not by the path:
/// if the folder was removed, another master's has its name.
RunDirectory::~RunDirectory()
{
    ::unlinkat(folder_.get(), legacy_hub_socket().filename().c_str(), 0);
    ::unlinkat(folder_.get(), "master.pid", 0);
}

} // namespace pandora::supervisor::os
