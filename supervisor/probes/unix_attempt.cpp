#include "supervisor/probes/unix_attempt.hpp"

#include "supervisor/os/unique_fd.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <utility>

namespace pandora::supervisor::probes {

namespace {

// A full queue of connections that the server has not accepted yet; nothing tells when there is room in it.
constexpr std::chrono::milliseconds full_queue_poll{20};

/// By hand: connect(2) to a Unix socket is done at once or not at all. Asio would take the EAGAIN of a server whose
/// queue is full for a connection under way, then find the socket writable, and call it connected.
class UnixAttempt final : public Running {
public:
    UnixAttempt(RunningOptions options, std::filesystem::path path)
        : Running{std::move(options)}, path_{std::move(path)}, retry_{io()}
    {}

private:
    void work() override
    {
        if (is_over()) return;
        const int error = connect();
        if (error == 0) return pass("connected");
        if (error != EAGAIN) return fail(phrase({error, boost::system::generic_category()}));
        retry_.expires_after(full_queue_poll);
        retry_.async_wait([this, self = shared_from_this()](const boost::system::error_code& cancelled) {
            if (!cancelled) work();
        });
    }

    void release() override { retry_.cancel(); }

    /// errno, or 0. The connection is closed again.
    int connect() const
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path_.native().size() >= sizeof address.sun_path) return ENAMETOOLONG;
        std::memcpy(address.sun_path, path_.c_str(), path_.native().size());
        const os::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        if (!fd) return errno;
        const auto* generic = reinterpret_cast<const sockaddr*>(&address);
        return ::connect(fd.get(), generic, sizeof address) == 0 ? 0 : errno;
    }

    std::filesystem::path path_;
    boost::asio::steady_timer retry_;
};

} // namespace

std::shared_ptr<Running> unix_attempt(RunningOptions options, const procfiles::UnixProbe& probe)
{
    return std::make_shared<UnixAttempt>(std::move(options), probe.path);
}

} // namespace pandora::supervisor::probes
