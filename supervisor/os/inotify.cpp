#include "supervisor/os/inotify.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::os {

namespace asio = boost::asio;

namespace {

// Events read before others get their turn: the kernel keeps 16,384 (fs.inotify.max_queued_events).
constexpr int reads_per_turn = 16;
constexpr std::size_t read_bytes = 16 * 1024;

std::string limit_of_user(const char* name)
{
    std::ifstream file{std::string{"/proc/sys/fs/inotify/"} + name};
    std::string value;
    file >> value;
    return "the limit fs.inotify." + std::string{name} + (value.empty() ? "" : " = " + value) +
           " is reached; raise it with sysctl(8)";
}

int make_inotify()
{
    const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd >= 0) return fd;
    const std::error_code error{errno, std::generic_category()};
    const bool too_many = error.value() == EMFILE; // for the process' descriptors as for the user's instances
    throw std::system_error{error, "cannot watch files" + (too_many ? ": " + limit_of_user("max_user_instances") : "")};
}

} // namespace

Inotify::Inotify(asio::io_context& io) : descriptor_{io, make_inotify()} {}

boost::system::result<WatchId, std::error_code> Inotify::add(const std::filesystem::path& path, std::uint32_t mask)
{
    const int id = ::inotify_add_watch(descriptor_.native_handle(), path.c_str(), mask | IN_MASK_ADD);
    if (id < 0) return std::error_code{errno, std::generic_category()};
    return WatchId{id};
}

void Inotify::remove(WatchId watch) { ::inotify_rm_watch(descriptor_.native_handle(), static_cast<int>(watch)); }

void Inotify::listen(std::function<void(const FileEvent&)> event)
{
    event_ = std::move(event);
    wait();
}

void Inotify::wait()
{
    descriptor_.async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
        if (error) return; // destroyed: `this` is gone
        read_events();
    });
}

void Inotify::read_events()
{
    alignas(inotify_event) std::array<char, read_bytes> buffer{};
    for (int i = 0; i < reads_per_turn; ++i) {
        const auto got = ::read(descriptor_.native_handle(), buffer.data(), buffer.size());
        if (got <= 0) break; // EAGAIN: no more for now
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* name = buffer.data() + at + sizeof event;
            event_({WatchId{event.wd}, event.mask, {name, ::strnlen(name, event.len)}});
            at += sizeof event + event.len;
        }
    }
    wait();
}

std::string describe_watch_error(const std::filesystem::path& path, std::error_code error)
{
    const auto why = error.value() == ENOSPC ? limit_of_user("max_user_watches") : error.message();
    return "cannot watch " + path.string() + ": " + why;
}

} // namespace pandora::supervisor::os
