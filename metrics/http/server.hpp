// An HTTP server on a thread of its own.
#pragma once

#include "metrics/http/limits.hpp"
#include "metrics/http/message.hpp"

#include <memory>

namespace pandora::metrics::http {

/// HTTP/1.1 (and 1.0) on one listening TCP socket. Serves from its construction to its destruction. No client
/// can hold up another: each has its deadlines, and when all places are taken the client that has let us wait
/// longest loses its own. A server on a loopback address answers only to loopback names; see host_check.hpp.
class Server {
public:
    /// Takes ownership of `listener_fd`, also when it throws. The handler is called on the server's thread.
    /// Throws std::system_error if the descriptor is no listening TCP socket or the thread cannot be started.
    Server(int listener_fd, Handler handler, Limits limits = {});

    /// Closes every connection, answered or not, and joins the thread: bounded by the longest single run of
    /// the handler or of a MakeBody. Answers that come later are dropped. Not to be called on the server's
    /// own thread.
    ~Server();

    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace pandora::metrics::http
