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

/// The first thing that is wrong; `pandora check` tells the rest.
std::string first_error(const procfiles::LoadError& error)
{
    const auto& first = *std::ranges::find(error.problems, procfiles::Severity::error, &procfiles::Problem::severity);
    return (first.place.line > 0 ? "line " + std::to_string(first.place.line) + ": " : "") + first.message;
}

/// Other things that are wrong in it do not matter: what runs was started when they were right.
Here procfile_here()
{
    const auto file = procfiles::find_default_file();
    if (!file) return NoProcfile{};
    try {
        return AppHere{procfiles::load({*file}, {.run_commands = false}).app.name};
    } catch (const procfiles::LoadError& error) {
        if (!error.app.empty()) return AppHere{error.app};
        return UnreadableProcfile{file->string(), first_error(error)};
    }
}

/// `whose`: where the name comes from.
fs::path socket_of(const std::string& app, const char* whose, const std::vector<RunningApp>& running)
{
    const auto found = std::ranges::find(running, app, &RunningApp::name);
    if (found != running.end()) return found->socket;
    throw std::runtime_error{"app `" + app + "`" + whose + " is not running; " + listed(running)};
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
    if (!clues.named.empty()) return socket_of(clues.named, "", clues.running);
    if (!clues.socket.empty()) return clues.socket;
    if (const auto* app = std::get_if<AppHere>(&clues.here))
        return socket_of(app->name, " (of the procfile in this folder)", clues.running);
    if (const auto* broken = std::get_if<UnreadableProcfile>(&clues.here))
        throw std::runtime_error{broken->file + " here does not tell its app (" + broken->why +
                                 "); name the app with --app; " + listed(clues.running)};
    if (clues.running.size() == 1) return clues.running.front().socket;
    throw std::runtime_error{clues.running.empty() ? listed(clues.running)
                                                   : "which app? Name it with --app; " + listed(clues.running)};
}

fs::path find_socket(const Where& where)
{
    Clues clues{.named = where.app, .socket = "", .here = NoProcfile{}, .running = {}};
    if (const char* variable = std::getenv("PANDORA_HUB_SOCKET")) clues.socket = variable;
    if (where.app.empty() && clues.socket.empty()) clues.here = procfile_here();
    clues.running = running_apps(where.runtime_root);
    return choose_socket(clues);
}

} // namespace pandora::supervisor::cli
