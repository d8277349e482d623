// Who the hub is and whom it serves, by the `hub:` block of the procfile: the users in it as numbers.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/control/hub_messages.hpp"
#include "supervisor/os/credentials.hpp"
#include "supervisor/os/spawn.hpp"

#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::app {

struct HubAccess {
    std::optional<os::RunAs> run_as; // whom its process runs as; nullopt: as the master
    std::vector<uid_t> admitted;     // who may connect beside root and the owner, each once
    std::vector<control::PolicyRule> policy;
};

/// Looks a user up, by name or number; see os::find_account.
using FindAccount = std::function<std::optional<os::Account>(const std::string& name_or_number)>;

/// `workers`: the users that processes of the app run as. Names become numbers once, at the start of the app.
/// Throws std::runtime_error, in one line: "hub.allow_uids: user `www` does not exist".
HubAccess hub_access(const procfiles::HubSpec& hub, const std::vector<uid_t>& workers, bool is_root,
                     const FindAccount& find = os::find_account);

} // namespace pandora::supervisor::app
