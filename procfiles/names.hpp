// Which names an app, a process and an environment variable may have.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::procfiles {

/// What is wrong with the name, as a sentence without a full stop; nullopt if nothing is.
std::optional<std::string> app_name_fault(std::string_view name);
std::optional<std::string> process_name_fault(std::string_view name);

/// A variable's name may hold all but blanks, control characters and `=`: other programs' rules are theirs.
bool is_variable_name(std::string_view name);

/// How many bytes at the start of `text` make a name as shells know it, `[A-Za-z_][A-Za-z0-9_]*`; 0 if none
/// do.
std::size_t leading_name_bytes(std::string_view text);

/// The app name for a procfile in `folder`: the folder's name with every other character replaced by `-`.
std::string app_name_for(const std::filesystem::path& folder);

} // namespace pandora::procfiles
