// Which apps run, and which of them a command means.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <variant>
#include <vector>

namespace pandora::supervisor::cli {

/// Where a command looks for the app it is to talk to.
struct Where {
    std::string app;                    // --app; empty = to be found
    std::filesystem::path runtime_root; // the folder of all run directories
};

/// An app whose master listens.
struct RunningApp {
    std::string name;
    std::filesystem::path directory;
    std::filesystem::path socket; // of its hub
    pid_t pid = 0;                // of its master, as the kernel says; 0 = not told
    bool operator==(const RunningApp&) const = default;
};

/// Where the master of a run directory has its hub listen.
std::filesystem::path hub_socket_in(const std::filesystem::path& run_directory);

/// The apps that have a run directory below `root` and a master that listens there, by name. What a dead master left
/// behind is not one; nothing is changed.
std::vector<RunningApp> running_apps(const std::filesystem::path& root);

/// The current folder says nothing of the app that is meant.
struct NoProcfile {};

/// The app of the procfile there.
struct AppHere {
    std::string name;
};

/// There is one that cannot be read as far as the name of its app.
struct UnreadableProcfile {
    std::string file;
    std::string why;
};

using Here = std::variant<NoProcfile, AppHere, UnreadableProcfile>;

/// What is known when a command has to choose.
struct Clues {
    std::string named;  // --app
    std::string socket; // $PANDORA_HUB_SOCKET
    Here here;
    std::vector<RunningApp> running;
};

/// The hub's socket: of the app that was named; else the environment's; else of the app of the procfile here; else of
/// the only app that runs. A procfile here, also one whose app does not run or that does not tell its app, is taken for
/// what was meant, rather than another app. Throws std::runtime_error, in one line that lists the running apps. Pure.
std::filesystem::path choose_socket(const Clues& clues);

/// The same with what this machine knows.
std::filesystem::path find_socket(const Where& where);

} // namespace pandora::supervisor::cli
