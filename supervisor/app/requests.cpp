#include "supervisor/app/requests.hpp"

#include "supervisor/os/survivors.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace pandora::supervisor::app {

namespace {

// Meant for the process they were given to, never for its children: sd_notify(3), sd_listen_fds(3),
// sd_watchdog_enabled(3).
constexpr std::array<std::string_view, 6> private_variables{"NOTIFY_SOCKET",  "LISTEN_FDS",    "LISTEN_PID",
                                                            "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"};

std::string_view name_of(std::string_view variable) { return variable.substr(0, variable.find('=')); }

void set(EnvironmentBlock& block, std::string_view name, std::string_view value)
{
    std::string entry{name};
    entry.append("=").append(value);
    const auto found = std::ranges::find(block, name, [](const std::string& variable) { return name_of(variable); });
    if (found == block.end())
        block.push_back(std::move(entry));
    else
        *found = std::move(entry);
}

void set_all(EnvironmentBlock& block, const procfiles::Environment& variables)
{
    for (const auto& variable : variables) set(block, variable.name, variable.value);
}

std::vector<std::string> argv_of(const procfiles::Command& command)
{
    if (const auto* text = std::get_if<procfiles::ShellCommand>(&command))
        return {text->shell.program, text->shell.argument, text->text};
    return std::get<procfiles::Entrypoint>(command).argv;
}

template <class Number>
void read_number(const std::string& text, Number& number)
{
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stopped != end) throw std::runtime_error{"broker: `" + text + "` is no number"};
}

} // namespace

EnvironmentBlock worker_environment(const EnvironmentBlock& inherited, const procfiles::AppSpec& app,
                                    const procfiles::ProcessSpec& process, std::uint32_t instance, const Place& place)
{
    EnvironmentBlock block;
    for (const auto& variable : inherited)
        if (std::ranges::find(private_variables, name_of(variable)) == private_variables.end())
            block.push_back(variable);
    set_all(block, app.environment);
    set_all(block, process.environment);
    const auto index = std::to_string(instance);
    set(block, "PANDORA_APP", place.app);
    set(block, "PANDORA_PROCESS", process.name);
    set(block, "PANDORA_INSTANCE", index);
    set(block, "PANDORA_HUB_SOCKET", place.hub_socket.native());
    set(block, "PANDORA_TMP_DIR", place.run_directory.native()); // where npm's pandora-hub looks
    set(block, "PC_PROC_NAME", process.name);                    // process-compose's names
    set(block, "PC_REPLICA_NUM", index);
    set(block, "NOTIFY_SOCKET", place.notify_socket.native());
    set(block, os::run_id_variable, place.run_id);
    if (process.watchdog > procfiles::Millis::zero())
        set(block, "WATCHDOG_USEC", std::to_string(std::chrono::microseconds{process.watchdog}.count()));
    return block;
}

os::SpawnRequest worker_request(const procfiles::ProcessSpec& process, EnvironmentBlock environment)
{
    os::SpawnRequest request;
    request.argv = argv_of(process.command);
    request.environment = std::move(environment);
    request.working_directory = process.working_dir;
    if (process.watchdog > procfiles::Millis::zero()) request.own_pid_variables.emplace_back("WATCHDOG_PID");
    return request;
}

void hand_over(const std::vector<os::NamedFd>& sockets, os::SpawnRequest& request)
{
    for (const auto& socket : sockets) {
        request.listen_fds.push_back(socket.fd);
        request.listen_names.push_back(socket.name);
    }
}

os::SpawnRequest command_request(const procfiles::ProcessSpec& process, const procfiles::ShellCommand& command,
                                 const std::filesystem::path& folder, EnvironmentBlock environment,
                                 std::optional<pid_t> main_pid)
{
    if (main_pid) set(environment, "MAINPID", std::to_string(*main_pid));
    os::SpawnRequest request;
    request.argv = argv_of(command);
    request.environment = std::move(environment);
    request.working_directory = folder.empty() ? process.working_dir : folder;
    return request;
}

std::vector<std::string> broker_arguments(const BrokerOptions& options)
{
    std::vector<std::string> arguments{
        options.app, std::to_string(options.owner), std::to_string(options.frame_bytes_max),
        std::to_string(options.call_timeout.count()), std::to_string(options.unresponsive_after.count())};
    for (const auto uid : options.admitted) arguments.push_back(std::to_string(uid));
    return arguments;
}

BrokerOptions broker_options(const std::vector<std::string>& arguments)
{
    constexpr std::size_t fixed = 5;
    if (arguments.size() < fixed) throw std::runtime_error{"`broker` is started by `pandora run` alone"};
    BrokerOptions options{.app = arguments[0]};
    std::chrono::milliseconds::rep timeout_ms = 0;
    std::chrono::milliseconds::rep unresponsive_ms = 0;
    read_number(arguments[1], options.owner);
    read_number(arguments[2], options.frame_bytes_max);
    read_number(arguments[3], timeout_ms);
    read_number(arguments[4], unresponsive_ms);
    options.call_timeout = std::chrono::milliseconds{timeout_ms};
    options.unresponsive_after = std::chrono::milliseconds{unresponsive_ms};
    for (auto uid = arguments.begin() + fixed; uid != arguments.end(); ++uid)
        read_number(*uid, options.admitted.emplace_back());
    return options;
}

os::SpawnRequest broker_request(const BrokerOptions& options, const BrokerDescriptors& descriptors, int executable,
                                std::optional<os::RunAs> run_as)
{
    os::SpawnRequest request;
    request.argv = {"pandora: hub", "broker"};
    for (auto& argument : broker_arguments(options)) request.argv.push_back(std::move(argument));
    request.listen_fds = {descriptors.hub_listener, descriptors.link, descriptors.http_listener};
    request.executable = executable;
    request.run_as = run_as;
    request.no_new_privileges = true;
    request.working_directory = "/";
    return request;
}

} // namespace pandora::supervisor::app
