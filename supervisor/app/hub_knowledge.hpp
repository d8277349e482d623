// What the supervisor says, in the hub's words.
#pragma once

#include "hub/hub.hpp"
#include "supervisor/control/hub_messages.hpp"

namespace pandora::supervisor::app {

/// All of it, to a hub that knows nothing yet.
void learn(hub::Hub& hub, const control::AppKnowledge& app);

/// One change.
void hear(hub::Hub& hub, const control::InstanceNews& news);

} // namespace pandora::supervisor::app
