#include "supervisor/cli/running_apps.hpp"

#include "hub/client/cpp/unix_socket.hpp"
#include "procfiles/default_file.hpp"
#include "procfiles/load.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace pandora::supervisor::cli {

namespace {

namespace fs = std::filesystem;

/// The master binds the hub's socket, and the kernel remembers who called listen(2).
pid_t listener_pid(int connected)
{
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

std::string listed(const std::vector<RunningApp>& running)
{
    if (running.empty()) return "no app runs here; start one with `pandora run`";
    std::string names;
    for (const auto& app : running) names += (names.empty() ? "running: " : ", ") + app.name;
    return names;
}

const RunningApp* find(const std::vector<RunningApp>& running, const std::string& name)
{
    const auto found = std::ranges::find(running, name, &RunningApp::name);
    return found == running.end() ? nullptr : &*found;
}

/// The name that the procfile here gives its app. One that cannot be read is no clue, and `pandora check` says why.
std::optional<std::string> app_here()
{
    std::error_code ignored;
    const auto file = procfiles::default_file();
    if (!fs::exists(file, ignored)) return std::nullopt;
    try {
        return procfiles::load({file}, {.run_commands = false}).app.name;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

} // namespace

fs::path hub_socket_in(const fs::path& run_directory) { return run_directory / "hub.sock"; }

std::vector<RunningApp> running_apps(const fs::path& root)
{
    std::vector<RunningApp> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{root, fs::directory_options::skip_permission_denied, error}) {
        const auto socket = hub_socket_in(entry.path());
        const auto connected = hub::client::connect_unix(socket.string());
        if (!connected) continue;
        found.push_back({entry.path().filename().string(), entry.path(), socket, listener_pid(*connected)});
        ::close(*connected);
    }
    std::ranges::sort(found, {}, &RunningApp::name);
    return found;
}

fs::path choose_socket(const Clues& clues)
{
    const auto& wanted = !clues.named.empty() ? clues.named : clues.app_here.value_or("");
    if (clues.named.empty() && !clues.socket.empty()) return clues.socket;
    if (!wanted.empty()) {
        if (const auto* app = find(clues.running, wanted)) return app->socket;
        const auto* whose = clues.named.empty() ? " (of the procfile in this folder)" : "";
        throw std::runtime_error{"app `" + wanted + "`" + whose + " is not running; " + listed(clues.running)};
    }
    if (clues.running.size() == 1) return clues.running.front().socket;
    throw std::runtime_error{clues.running.empty() ? listed(clues.running)
                                                   : "which app? Name it with --app; " + listed(clues.running)};
}

fs::path find_socket(const Where& where)
{
    Clues clues{.named = where.app, .socket = "", .app_here = {}, .running = {}};
    if (const char* variable = std::getenv("PANDORA_HUB_SOCKET")) clues.socket = variable;
    if (where.app.empty() && clues.socket.empty()) clues.app_here = app_here();
    clues.running = running_apps(where.runtime_root);
    return choose_socket(clues);
}

} // namespace pandora::supervisor::cli
