// `pandora run FILE`
#pragma once

#include <filesystem>

namespace pandora::supervisor::app {

/// Loads the procfile and supervises what it names. Returns the exit code of `pandora run`; throws what cannot be
/// started (procfiles::LoadError, std::runtime_error, std::system_error).
int run(const std::filesystem::path& procfile);

} // namespace pandora::supervisor::app
