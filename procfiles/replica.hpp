// What of a process differs between its replicas.
#pragma once

#include "procfiles/spec.hpp"

#include <cstdint>
#include <string_view>

namespace pandora::procfiles {

/// Stands in the texts of a spec with `per_replica` where the number of the replica belongs.
inline constexpr std::string_view replica_marker = "{{.PC_REPLICA_NUM}}";
inline constexpr std::string_view replica_variable = "PC_REPLICA_NUM";

/// The process as its instance `index` (from 0) runs it: markers replaced in commands, paths, environment, probes
/// and the description. A port that becomes none thereby is 0, where no probe passes. Pure; cheap without
/// `per_replica`, where it is a copy.
ProcessSpec for_replica(const ProcessSpec& process, std::uint32_t index);

} // namespace pandora::procfiles
