// Who may change something. Pure.
#pragma once

#include "supervisor/control/messages.hpp"
#include "supervisor/control/requests.hpp"

#include <optional>
#include <sys/types.h>

namespace pandora::supervisor::control {

/// Why the caller may not call the changing verbs; nullopt where it may. `source` is the stamp that the hub put on the
/// call (hub/PROTOCOL.md, section 7): the process behind it and its user, as the supervisor and the kernel know them.
/// A call without a stamp comes from nobody. Those who may: root and `owner`, unless a worker of the app stands behind
/// the connection; and the hub process, which is pandora's own.
std::optional<Refused> denied(const Json& source, uid_t owner);

} // namespace pandora::supervisor::control
