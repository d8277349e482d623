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

} // namespace pandora::supervisor::cli
