// One inotify instance: watches on files and folders, and the events they bring. See inotify(7).
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <system_error>

namespace pandora::supervisor::os {

/// Never used twice in the life of an instance.
enum class WatchId : int {};

struct FileEvent {
    WatchId watch{};
    std::uint32_t mask = 0; // IN_*
    std::string_view name;  // in the watched folder; empty = of the watched thing itself
};

/// Lives on the loop's thread; destroying it ends all watches.
class Inotify {
public:
    /// Throws std::system_error whose text names the limit where the user has too many instances.
    explicit Inotify(boost::asio::io_context& io);
    Inotify(const Inotify&) = delete;
    Inotify& operator=(const Inotify&) = delete;

    /// Adds to what is watched at `path`: the same id again where it is watched already, under whatever name.
    boost::system::result<WatchId, std::error_code> add(const std::filesystem::path& path, std::uint32_t mask);

    /// Of what was not watched any more, it is no error. Events that were on their way still come.
    void remove(WatchId watch);

    /// Runs `event` on the loop for each event from now on. The handler may call add and remove.
    void listen(std::function<void(const FileEvent&)> event);

private:
    void wait();
    void read_events();

    boost::asio::posix::stream_descriptor descriptor_;
    std::function<void(const FileEvent&)> event_;
};

/// Why `add` failed, in one line that says which limit to raise where it was one.
std::string describe_watch_error(const std::filesystem::path& path, std::error_code error);

} // namespace pandora::supervisor::os
