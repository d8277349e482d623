// From what a caller names to instances that exist. Pure.
#pragma once

#include "supervisor/control/messages.hpp"
#include "supervisor/control/requests.hpp"

#include <string_view>
#include <variant>
#include <vector>

namespace pandora::supervisor::control {

/// "web" or "web/1". pandora's own processes can be named, too.
std::variant<Target, Refused> find_target(std::string_view named, const std::vector<KnownProcess>& known);

/// "web", "web/1", "ns:NAME", {"namespace": NAME}, "all" (unless a process is called so), or an array of these.
/// Namespaces and "all" leave out pandora's own processes. In the order of `known`, each instance once.
std::variant<Targets, Refused> find_targets(const Json& named, const std::vector<KnownProcess>& known);

/// The process of that name; nullptr where there is none.
const KnownProcess* find_process(std::string_view name, const std::vector<KnownProcess>& known);

/// "no process `wbe`; did you mean `web`?"
Refused no_such_process(std::string_view name, const std::vector<KnownProcess>& known);

} // namespace pandora::supervisor::control
