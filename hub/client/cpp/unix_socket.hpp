// Connecting to a Unix socket by path.
#pragma once

#include <boost/system/result.hpp>

#include <string>

namespace pandora::hub::client {

/// A connected stream socket, close-on-exec and non-blocking, which the caller owns; or why there is none (ENOENT and
/// ECONNREFUSED: nobody listens; EAGAIN: the listener does not keep up). Never blocks.
boost::system::result<int> connect_unix(const std::string& path);

} // namespace pandora::hub::client
