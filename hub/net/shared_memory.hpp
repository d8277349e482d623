// Whether a descriptor is the shared memory that a client says it is (PROTOCOL.md 9.9).
#pragma once

#include <cstdint>

namespace pandora::hub::net {

/// A memfd of at least so many bytes, sealed against shrinking, so that who reads there never faults (SIGBUS), and
/// against growing.
bool is_sealed_memory(int descriptor, std::uint64_t bytes);

} // namespace pandora::hub::net
