// A snapshot as text for Prometheus.
#pragma once

#include "metrics/snapshot.hpp"

#include <string>

namespace pandora::metrics {

/// The snapshot in Prometheus' text format 0.0.4, to be served as `exposition_content_type`. Families without
/// a series are left out. Pure, but not cheap: some 25 ms for 1000 processes, so not for a thread that has to
/// answer anyone.
std::string exposition(const Snapshot& snapshot);

inline constexpr const char* exposition_content_type = "text/plain; version=0.0.4; charset=utf-8";

} // namespace pandora::metrics
