// A small file of our own that is always whole: read at once, and replaced at once.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pandora::supervisor::os {

// Both throw std::system_error that names the file, and do not follow a link in its place.

/// Empty where there is no such file.
std::string read_file(const std::filesystem::path& path);

/// Whoever reads the file finds what was there before or `text`, also after a crash; when this returns, `text`. Nobody
/// but its owner may read it, nor a folder that has to be made for it. Writes `PATH.new` on the way.
void replace_file(const std::filesystem::path& path, std::string_view text);

} // namespace pandora::supervisor::os
