// Which procfile is meant where none is named.
#pragma once

#include <filesystem>
#include <optional>

namespace pandora::procfiles {

/// The first of procfile.yml, procfile.yaml, process-compose.yml, process-compose.yaml and Procfile that is in
/// `folder`, be it one that cannot be read; nullopt where none is. Looks into the folder.
std::optional<std::filesystem::path> find_default_file(const std::filesystem::path& folder = {});

/// The same. Throws LoadError where none is.
std::filesystem::path default_file(const std::filesystem::path& folder = {});

} // namespace pandora::procfiles
