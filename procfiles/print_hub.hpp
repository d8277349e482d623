// Prints the `hub` block of an app.
#pragma once

#include "procfiles/spec.hpp"
#include "procfiles/yaml_text.hpp"

namespace pandora::procfiles {

/// What differs from the defaults.
YamlMap hub_map(const HubSpec& hub);

} // namespace pandora::procfiles
