// From the hub's counters and the supervisor's list to what the exporter prints.
#pragma once

#include "hub/hub.hpp"
#include "metrics/snapshot.hpp"
#include "supervisor/control/messages.hpp"

#include <vector>

namespace pandora::supervisor::app {

metrics::HubSample to_sample(const hub::Stats& stats, const std::vector<hub::ClientInfo>& clients);
metrics::InstanceSample to_sample(const control::InstanceView& view);

} // namespace pandora::supervisor::app
