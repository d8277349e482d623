// Which connection of the hub an instance is. Pure.
#pragma once

#include "hub/client/cpp/call.hpp"
#include "supervisor/cli/hub_words.hpp"

#include <optional>
#include <string>

namespace pandora::supervisor::cli {

/// A selector of `object` that only the connection of this instance matches, from what the hub's `routes` answered:
/// whose connection it is says the hub there, not the client. nullopt: the instance does not publish the object, or
/// names neither a client nor a pid in doing so.
std::optional<hub::client::Selector> connection_of(const hub::client::Json& routes, const WhichProcess& instance,
                                                   const std::string& object);

/// Whether an instance that does not publish the object may do so soon, by what the supervisor's `list` answered: it is
/// on its way back. One that runs is given time only if it `was_away`: it may need a while after its start.
bool is_expected(const hub::client::Json& list, const WhichProcess& instance, bool was_away);

} // namespace pandora::supervisor::cli
