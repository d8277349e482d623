// The hub process of a supervised app (`pandora: hub`): hub, metrics and HTTP over what the master bound and passed on.
#pragma once

#include "supervisor/app/requests.hpp"

namespace pandora::supervisor::app {

/// Serves until it is told to stop, or the master is gone. Returns the exit code.
/// Expects the descriptors of BrokerDescriptors at 3, 4 and 5.
int run_broker(const BrokerOptions& options);

} // namespace pandora::supervisor::app
