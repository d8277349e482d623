// Where /metrics is served.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/os/listen_sockets.hpp"

namespace pandora::supervisor::app {

/// A port that the user named must be free; the default gives way to the next free one, so that two apps on one machine
/// need no configuration. Throws std::runtime_error, in one line, when there is none.
os::TcpListener listen_for_http(const procfiles::MetricsSpec& wanted);

} // namespace pandora::supervisor::app
