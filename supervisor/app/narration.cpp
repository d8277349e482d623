#include "supervisor/app/narration.hpp"

namespace pandora::supervisor::app {

using core::State;

namespace {

std::string ending(const core::Announce& change)
{
    if (!change.end) return change.cause;
    const auto end = std::holds_alternative<core::NotStarted>(change.end->status)
                         ? core::describe(*change.end)
                         : "ended: " + core::describe(*change.end);
    return change.cause.empty() ? end : end + "; " + change.cause;
}

} // namespace

std::optional<std::string> narrate(const core::Announce& change)
{
    switch (change.to) {
    case State::pending: return change.end && !change.cause.empty() ? std::optional{ending(change)} : std::nullopt;
    case State::starting: return std::nullopt;
    case State::ready: return "ready";
    case State::stopping: return change.cause.empty() ? "stopping" : change.cause;
    case State::backoff: return ending(change) + "; restarting in " + std::to_string(change.delay->count()) + " ms";
    case State::completed: return change.cause == "stopped" ? "stopped" : ending(change);
    case State::failed: return ending(change) + (change.cause.empty() ? "; stays down" : "");
    case State::disabled: return std::nullopt;
    case State::scheduled: return ending(change) + "; waits for its next time";
    case State::listening: return ending(change) + "; waits for a connection";
    }
    return std::nullopt;
}

} // namespace pandora::supervisor::app
