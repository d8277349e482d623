// Whether a client calls itself what it is. In the legacy dialect names are labels, and nothing is granted by them; in
// strict mode one that is not so ends the connection.
#pragma once

#include "hub/core/identity.hpp"
#include "hub/core/selector.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pandora::hub::core {

/// What a client says of itself as it goes online, as text; empty: nothing.
struct LocationLabels {
    std::string_view app, process, pid;
};

/// The views are of `location`.
LocationLabels labels_of(const Selector& location);

/// What in the labels is not so, in words for the client; nullopt: nothing. A client behind which no supervised process
/// stands has no right to any app's or process' name; one whose pid cannot be seen from here has none to a pid.
std::optional<std::string> label_conflict(const Identity& identity, const LocationLabels& labels);

} // namespace pandora::hub::core
