// What a procfile cannot tell by itself: whether this machine has the users, the rights and the zones that it names.
#pragma once

#include "procfiles/load.hpp"

#include <vector>

namespace pandora::supervisor::app {

/// What run() would refuse here, started by this user, though the procfile is right: at most one problem of each kind
/// for each process, in their order, then one of the hub. Warnings, for another machine may have all of it. Reads the
/// user database and the zone files; starts and changes nothing.
std::vector<procfiles::Problem> obstacles(const procfiles::Loaded& loaded);

} // namespace pandora::supervisor::app
