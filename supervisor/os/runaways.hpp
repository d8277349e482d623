// Processes of a worker's run that have left its process group and session, and lost their parent: they are ours now.
#pragma once

#include "supervisor/os/survivors.hpp"

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::os {

/// The children of this process that nobody claims (`known`): those adopted from a dead parent, zombies aside. Reads
/// one file; a worker that leaves nothing behind costs no more.
std::vector<pid_t> adopted_children(const std::function<bool(pid_t)>& known);

/// Of these, those whose environment says that they belong to this instance of this run of the app.
std::vector<Survivor> runaways_of(const std::vector<pid_t>& adopted, const std::string& run_id,
                                  const std::string& process, const std::string& instance);

} // namespace pandora::supervisor::os
