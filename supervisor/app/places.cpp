#include "supervisor/app/places.hpp"

namespace pandora::supervisor::app {

std::filesystem::path default_log_directory(const std::string& app, bool is_root, const Variable& variable,
                                            const std::filesystem::path& run_directory)
{
    if (is_root) return std::filesystem::path{"/var/log/pandora"} / app;
    const auto absolute = [](const std::optional<std::string>& path) { return path && path->starts_with('/'); };
    const auto state = variable("XDG_STATE_HOME");
    if (absolute(state)) return std::filesystem::path{*state} / "pandora" / app / "logs";
    const auto home = variable("HOME");
    if (absolute(home)) return std::filesystem::path{*home} / ".local/state/pandora" / app / "logs";
    return run_directory / "logs";
}

} // namespace pandora::supervisor::app
