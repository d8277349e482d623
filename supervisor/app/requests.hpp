// What is needed to start each kind of child: the workers, the commands beside them, and the hub process. Pure, but for
// the values that the caller looks up.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/os/socket_set.hpp"
#include "supervisor/os/spawn.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pandora::supervisor::app {

/// "NAME=value" strings, as environ(7) holds them.
using EnvironmentBlock = std::vector<std::string>;

/// Where the workers of one app find it.
struct Place {
    std::string app;
    std::filesystem::path run_directory;
    std::filesystem::path hub_socket;
    std::filesystem::path notify_socket;
    std::string run_id; // of this life of the master
};

/// The environment of one instance: the master's own (less what was meant for the master alone: its notify and listen
/// sockets, its watchdog), then the app's, then the process', then pandora's variables, which always win.
EnvironmentBlock worker_environment(const EnvironmentBlock& inherited, const procfiles::AppSpec& app,
                                    const procfiles::ProcessSpec& process, std::uint32_t instance, const Place& place);

os::SpawnRequest worker_request(const procfiles::ProcessSpec& process, EnvironmentBlock environment);

/// `sockets`: what the instance is handed, with names; see sd_listen_fds(3).
void hand_over(const std::vector<os::NamedFd>& sockets, os::SpawnRequest& request);

/// A command beside the process, in `folder` or, where that is empty, the process' own. It finds the pid of the process
/// in MAINPID, as with systemd's ExecStop=.
os::SpawnRequest command_request(const procfiles::ProcessSpec& process, const procfiles::ShellCommand& command,
                                 const std::filesystem::path& folder, EnvironmentBlock environment,
                                 std::optional<pid_t> main_pid);

/// How the hub process is told what it is to be: as arguments of `pandora broker`, the same program.
struct BrokerOptions {
    std::string app;
    uid_t owner = 0;
    std::uint32_t frame_bytes_max = 0;
    std::chrono::milliseconds call_timeout{};
    std::chrono::milliseconds unresponsive_after{};
    std::vector<uid_t> admitted; // beside root and the owner: those that workers run as
    bool operator==(const BrokerOptions&) const = default;
};

/// What follows the verb `broker`.
std::vector<std::string> broker_arguments(const BrokerOptions& options);

/// The reverse. Throws std::runtime_error for what broker_arguments does not make: the verb is for `pandora run` alone.
BrokerOptions broker_options(const std::vector<std::string>& arguments);

/// Descriptors the hub process inherits as 3, 4 and 5, in this order. Borrowed.
struct BrokerDescriptors {
    int hub_listener = -1;
    int link = -1;
    int http_listener = -1;
};

/// `executable` is a descriptor of our own program (borrowed): after the change of user its path may be out of reach.
os::SpawnRequest broker_request(const BrokerOptions& options, const BrokerDescriptors& descriptors, int executable,
                                std::optional<os::RunAs> run_as);

} // namespace pandora::supervisor::app
