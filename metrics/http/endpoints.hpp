// What the server says of an app: /metrics, /health, and an index of them.
#pragma once

#include "metrics/http/message.hpp"
#include "metrics/snapshot.hpp"

#include <cstdint>
#include <functional>
#include <variant>

namespace pandora::metrics::http {

/// Asks for a snapshot. Called on the http thread, must not block; `done` may be called on any thread, then
/// or later, once. If it is never called the client gets a 503.
using Collect = std::function<void(std::function<void(Snapshot)> done)>;

/// Answers GET / (index), /metrics and /health (see health.hpp).
Handler metrics_endpoints(Collect collect);

enum class Endpoint : std::uint8_t { index, metrics, health };

/// Where a request goes; for none of the endpoints a 404, for a wrong method a 405. Pure.
std::variant<Endpoint, Response> route(const Request& request);

/// The index: a page of links.
Response index_page();

/// Prometheus' text. Its body is made on the http thread.
Response metrics_page(Snapshot snapshot);

} // namespace pandora::metrics::http
