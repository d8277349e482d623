// NOTIFY_SOCKET: where workers say that they are ready, how they are, and that they still are; see sd_notify(3).
#pragma once

#include "supervisor/os/listen_sockets.hpp"
#include "supervisor/os/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <sys/types.h>

namespace pandora::supervisor::os {

/// Who sent a datagram, as the kernel saw it when it was sent. The sender may have ended since, and its pid then mean
/// nobody, or somebody else.
struct NotifySender {
    pid_t pid = 0;
    uid_t uid = 0;
    int pidfd = -1; // borrowed for the time of the call; -1 where the kernel passes none (before Linux 6.5)

    /// False: what was looked up by the pid up to now was the sender's. True: it may have been a stranger's; also where
    /// there is no pidfd to tell, and no process of that pid.
    bool has_ended() const;
};

/// A datagram socket on the loop. Lives on the loop's thread; must not be destroyed by what it calls.
class NotifySocket {
public:
    /// `text` is what the datagram holds, valid for the time of the call.
    using Received = std::function<void(const NotifySender& sender, std::string_view text)>;

    /// What did not make it, with one phrase for people.
    using Refused = std::function<void(const NotifySender& sender, std::string_view why)>;

    /// Binds `path` with `mode`, in place of what a dead predecessor left; the caller holds the lock that keeps a
    /// living one away. Throws std::system_error whose text names the path.
    NotifySocket(boost::asio::io_context& io, const std::filesystem::path& path, mode_t mode, Received received,
                 Refused refused);
    ~NotifySocket();
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    /// Whether a worker still finds it, see SocketFile.
    bool is_there() const { return file_.is_there(); }

    /// Passes on what has been sent up to now without waiting for the loop: to be called before the end of a process
    /// is acted upon, whose last words may have come with it. Bounded.
    void drain();

private:
    enum class Reading : std::uint8_t { more, empty };

    void wait();
    Reading receive_one();

    boost::asio::posix::stream_descriptor socket_;
    SocketFile file_;
    Received received_;
    Refused refused_;
    std::shared_ptr<int> life_ = std::make_shared<int>(); // ends before completions that are on their way
};

} // namespace pandora::supervisor::os
