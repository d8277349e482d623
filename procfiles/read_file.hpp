// Reads a whole file from disk, with a limit.
#pragma once

#include "procfiles/load_context.hpp"

#include <cstddef>
#include <filesystem>

namespace pandora::procfiles {

/// The bytes of the file at `path`, or why they cannot be had: the system's reason, a directory, more than
/// `bytes_max`, a pipe that nobody has open for writing. Other pipes and devices are read to their end, so `<(...)` of
/// a shell works. Blocks until then.
FileText read_file(const std::filesystem::path& path, std::size_t bytes_max);

} // namespace pandora::procfiles
