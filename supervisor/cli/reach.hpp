// Whether a hub listens on a socket, and what to say where none does.
#pragma once

#include <boost/system/error_code.hpp>

#include <stdexcept>
#include <string>

namespace pandora::supervisor::cli {

/// There is no hub to ask, and what() says in one line why: nobody listens, or this user may not connect.
class Unreachable : public std::runtime_error {
public:
    Unreachable(const std::string& path, const boost::system::error_code& error);

    /// exit_code::denied where it is a matter of rights.
    int exit_code() const { return exit_code_; }

private:
    int exit_code_;
};

/// Connects to the socket and closes the connection again. No error: somebody listens.
boost::system::error_code listening_error(const std::string& path);

/// `path`. Throws Unreachable where nobody listens.
const std::string& reachable(const std::string& path);

} // namespace pandora::supervisor::cli
