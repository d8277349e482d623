// Limits and isolation of a spec as a procfile has them.
#pragma once

#include "procfiles/spec.hpp"
#include "procfiles/yaml_text.hpp"

namespace pandora::procfiles {

/// `limits:`. What is absent is left out. Pure, as below.
YamlMap limits_map(const Limits& limits);

/// The keys of a process that say whom it runs as and what it may do.
void put_isolation(YamlMap& map, const Isolation& isolation);

} // namespace pandora::procfiles
