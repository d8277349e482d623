// State changes as sentences for the console.
#pragma once

#include "supervisor/core/actions.hpp"

#include <optional>
#include <string>

namespace pandora::supervisor::app {

/// What is said of a change, to be put after the instance's name; nullopt for changes that nobody waits for.
/// "ready", "ended: SIGSEGV (core dumped); restarting in 200 ms", "stopping".
std::optional<std::string> narrate(const core::Announce& change);

} // namespace pandora::supervisor::app
