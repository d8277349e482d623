// Which procfile is meant where none is named.
#pragma once

#include <filesystem>

namespace pandora::procfiles {

/// The first of procfile.yml, procfile.yaml, process-compose.yml, process-compose.yaml and Procfile that is in
/// `folder`; procfile.yml where none is. Looks into the folder.
std::filesystem::path default_file(const std::filesystem::path& folder = {});

} // namespace pandora::procfiles
