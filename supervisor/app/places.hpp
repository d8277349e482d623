// Where an app's files are kept.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::supervisor::app {

/// Of the environment.
using Variable = std::function<std::optional<std::string>(std::string_view name)>;

/// /var/log/pandora/<app> for root, else $XDG_STATE_HOME/pandora/<app>/logs with ~/.local/state for $XDG_STATE_HOME
/// (XDG Base Directory Specification); `run_directory`/logs where there is no home either. Pure.
std::filesystem::path default_log_directory(const std::string& app, bool is_root, const Variable& variable,
                                            const std::filesystem::path& run_directory);

/// What is to outlive a run and a boot: /var/lib/pandora/<app> for root, else $XDG_STATE_HOME/pandora/<app> with
/// ~/.local/state for $XDG_STATE_HOME; nullopt where there is no home either. Pure.
std::optional<std::filesystem::path> state_directory(const std::string& app, bool is_root, const Variable& variable);

} // namespace pandora::supervisor::app
