#include "supervisor/app/places.hpp"

namespace pandora::supervisor::app {

namespace fs = std::filesystem;

namespace {

/// $XDG_STATE_HOME or what stands for it; nullopt where there is no home.
std::optional<fs::path> state_home(const Variable& variable)
{
    const auto absolute = [](const std::optional<std::string>& path) { return path && path->starts_with('/'); };
    if (const auto state = variable("XDG_STATE_HOME"); absolute(state)) return fs::path{*state};
    if (const auto home = variable("HOME"); absolute(home)) return fs::path{*home} / ".local/state";
    return std::nullopt;
}

} // namespace

fs::path default_log_directory(const std::string& app, bool is_root, const Variable& variable,
                               const fs::path& run_directory)
{
    if (is_root) return fs::path{"/var/log/pandora"} / app;
    const auto home = state_home(variable);
    return home ? *home / "pandora" / app / "logs" : run_directory / "logs";
}

std::optional<fs::path> state_directory(const std::string& app, bool is_root, const Variable& variable)
{
    if (is_root) return fs::path{"/var/lib/pandora"} / app;
    const auto home = state_home(variable);
    return home ? std::optional{*home / "pandora" / app} : std::nullopt;
}

} // namespace pandora::supervisor::app
