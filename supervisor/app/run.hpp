// `pandora run [FILE...]`
#pragma once

#include "procfiles/load.hpp"

#include <filesystem>
#include <vector>

namespace pandora::supervisor::app {

/// Loads the procfiles, never none, as one, and supervises what they name. Returns the exit code of `pandora run`;
/// throws what cannot be started (procfiles::LoadError, std::runtime_error, std::system_error).
int run(const std::vector<std::filesystem::path>& files, const procfiles::LoadOptions& options);

} // namespace pandora::supervisor::app
