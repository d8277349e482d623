#include "supervisor/cli/reach.hpp"

#include "hub/client/cpp/unix_socket.hpp"
#include "supervisor/cli/hub_outcome.hpp"
#include "supervisor/cli/table.hpp"

#include <cerrno>
#include <sys/un.h>
#include <unistd.h>

namespace pandora::supervisor::cli {

using boost::system::error_code;

namespace {

bool is_forbidden(const error_code& error) { return error.value() == EACCES || error.value() == EPERM; }

std::string unreachable_text(const std::string& path, const error_code& error)
{
    if (error.value() == ENAMETOOLONG)
        return "the path of a socket has at most " + std::to_string(sizeof sockaddr_un{}.sun_path - 1) +
               " bytes, and this one " + std::to_string(path.size()) + ": " + path;
    if (is_forbidden(error))
        return "denied: user " + std::to_string(::getuid()) + " may not connect to " + path + " (" + error.message() +
               ")";
    if (error.value() == EAGAIN) return "busy: too many wait for the hub on " + path + " to accept them";
    return "no hub listens on " + path + " (" + error.message() +
           "): start one with `pandora run` or `pandora hub serve`, or name another (--help says how)";
}

} // namespace

Unreachable::Unreachable(const std::string& path, const error_code& error)
    : std::runtime_error(printable(unreachable_text(path, error))),
      exit_code_(is_forbidden(error) ? exit_code::denied : exit_code::failed)
{}

error_code listening_error(const std::string& path)
{
    const auto connected = hub::client::connect_unix(path);
    if (!connected) return connected.error();
    ::close(*connected);
    return {};
}

const std::string& reachable(const std::string& path)
{
    if (const auto error = listening_error(path)) throw Unreachable{path, error};
    return path;
}

} // namespace pandora::supervisor::cli
