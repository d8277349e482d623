// Whether an app is well, for load balancers and people.
#pragma once

#include "metrics/http/message.hpp"
#include "metrics/snapshot.hpp"

namespace pandora::metrics::http {

/// 200 with `"status":"ok"`, or 503 with `"status":"degraded"` when the supervisor does not answer or an
/// instance has failed for good; the counts behind it are in the same JSON object. Pure.
Response health(const Snapshot& snapshot);

} // namespace pandora::metrics::http
