// A question to the hub, which passes while the hub hears from the process.
#pragma once

#include "supervisor/probes/running.hpp"

#include <functional>
#include <memory>

namespace pandora::supervisor::probes {

/// `ask` begins the asking, once. It may answer at once, later, or not at all; what it answers when the time is over
/// means nothing. Without it there is nobody to ask, and the attempt fails.
std::shared_ptr<Running> hub_attempt(RunningOptions options, std::function<void(Answered)> ask);

} // namespace pandora::supervisor::probes
