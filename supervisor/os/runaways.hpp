// Processes of a worker's run that have left its process group and session, and lost their parent: they are ours now.
#pragma once

#include "supervisor/os/survivors.hpp"
#include "supervisor/os/unique_fd.hpp"

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::os {

/// The list of our own children, kept open: it is looked at whenever a worker ends, before it is started again.
class ChildrenFile {
public:
    /// To be made by the thread that began the process: those who come from a dead parent come to it.
    ChildrenFile();

    /// Those that nobody claims (`known`): adopted ones. Reads one file; a worker that leaves nothing behind costs no
    /// more. Empty where the kernel has no such file (CONFIG_PROC_CHILDREN).
    std::vector<pid_t> adopted(const std::function<bool(pid_t)>& known) const;

private:
    UniqueFd file_;
};

/// Of these, those whose environment says that they belong to this instance of this run of the app.
std::vector<Survivor> runaways_of(const std::vector<pid_t>& adopted, const std::string& run_id,
                                  const std::string& process, const std::string& instance);

} // namespace pandora::supervisor::os
