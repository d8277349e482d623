// Time zones as this machine has them.
#pragma once

#include "supervisor/core/time_zone.hpp"

#include <string>

namespace pandora::supervisor::os {

/// The zone of this IANA name ("Europe/Berlin") in $TZDIR or /usr/share/zoneinfo. Empty = the machine's: $TZ (a name, a
/// path or a POSIX rule, with or without a colon in front) where it is set, else /etc/localtime, else UTC.
/// The files are read at each call, so that what an administrator changed counts from the next call on.
/// Throws std::runtime_error, in one line: there is no such zone, or its file cannot be read or understood.
core::TimeZone load_time_zone(const std::string& name);

} // namespace pandora::supervisor::os
