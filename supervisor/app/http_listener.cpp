#include "supervisor/app/http_listener.hpp"

#include <stdexcept>
#include <string>

namespace pandora::supervisor::app {

namespace {

constexpr std::uint16_t ports_tried = 100; // apps on one machine, generously

} // namespace

os::TcpListener listen_for_http(const procfiles::MetricsSpec& wanted)
{
    const auto last = static_cast<std::uint32_t>(wanted.port) + (wanted.named ? 0U : ports_tried);
    for (std::uint32_t port = wanted.port; port <= last && port <= UINT16_MAX; ++port)
        if (auto listener = os::listen_tcp(wanted.host, static_cast<std::uint16_t>(port))) return std::move(*listener);
    const auto address = wanted.host + ":" + std::to_string(wanted.port);
    throw std::runtime_error{wanted.named ? "metrics.listen: " + address + " is in use by another process"
                                          : "no free port for metrics from " + address + " on"};
}

} // namespace pandora::supervisor::app
