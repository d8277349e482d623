// Writes a compressed copy of a file. The only place that names zlib and libzstd.
#pragma once

#include "procfiles/spec.hpp"

#include <functional>
#include <system_error>

namespace pandora::supervisor::logs {

/// Copies all of `from` (a descriptor, read from its beginning) to `to`, block by block, and waits until the disk has
/// it. `cancelled` is asked between blocks: true ends it with std::errc::operation_canceled. `kind` is not `none`.
std::error_code compress(procfiles::Compression kind, int from, int to, const std::function<bool()>& cancelled);

} // namespace pandora::supervisor::logs
