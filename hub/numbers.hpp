// The router's counters and tables as the hub's owner is shown them.
#pragma once

#include "hub/core/router.hpp"
#include "hub/hub.hpp"

#include <vector>

namespace pandora::hub {

Stats stats_of(const core::Router& router);
std::vector<Route> routes_of(const core::Router& router);

} // namespace pandora::hub
