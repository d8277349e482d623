// One process of a spec as the map that a procfile has for it.
#pragma once

#include "procfiles/print.hpp"
#include "procfiles/spec.hpp"
#include "procfiles/yaml_text.hpp"

namespace pandora::procfiles {

/// What has its default is left out. Pure.
YamlMap process_map(const ProcessSpec& process, EnvironmentValues values);

/// `NAME=VALUE`, or NAME alone where values are hidden.
YamlList environment_list(const Environment& environment, EnvironmentValues values);

} // namespace pandora::procfiles
