// What the hub's own object tells, as text for people. Pure. What is missing or of another type shows as "-"; control
// characters, which clients choose, cannot reach the terminal.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <string>

namespace pandora::supervisor::cli {

/// The answer of `routes`: a heading, then a line for each connection. Of many objects the first are named.
std::string routes_table(const hub::client::Json& routes);

/// The answer of `clients`: a line for each connection, and below the connections that the hub cut, with the reason.
std::string clients_table(const hub::client::Json& answer);

/// The answer of `channels`: a line for each; the numbers are those that the caller has told.
std::string channels_table(const hub::client::Json& channels);

/// The answer of `stats`: a line for each number; those of a group by their names: "calls.no_route  3". Of the groups
/// what is 0 is left out, and the last line says how many these are.
std::string stats_table(const hub::client::Json& stats);

/// What an object answers to the question what it has: a line for each method and property.
std::string introspection_table(const hub::client::Json& description);

} // namespace pandora::supervisor::cli
