#include "procfiles/print.hpp"

#include "procfiles/overloaded.hpp"
#include "procfiles/print_hub.hpp"
#include "procfiles/print_process.hpp"
#include "procfiles/print_values.hpp"
#include "procfiles/yaml_text.hpp"

#include <algorithm>
#include <utility>

namespace pandora::procfiles {

namespace {

/// All commands of an app are run by one shell: the schema has no other place for it.
const Shell* shell_of(const AppSpec& app)
{
    for (const ProcessSpec& process : app.processes)
        if (const auto* command = std::get_if<ShellCommand>(&process.command)) return &command->shell;
    return nullptr;
}

void put_shell(YamlMap& map, const AppSpec& app)
{
    const Shell* shell = shell_of(app);
    if (shell == nullptr || *shell == Shell{}) return;
    YamlMap rows;
    rows.text("shell_command", shell->program);
    rows.text("shell_argument", shell->argument);
    map.map("shell", std::move(rows));
}

YamlMap sockets_map(const std::vector<Socket>& sockets)
{
    YamlMap map;
    for (const Socket& socket : sockets) {
        YamlMap rows;
        std::visit(Overloaded{[&](const TcpAddress& tcp) {
                                  rows.text("listen", endpoint_text(tcp.host.empty() ? "*" : tcp.host, tcp.port));
                              },
                              [&](const UnixAddress& at) {
                                  rows.text("listen", at.path.string());
                                  rows.text("mode", octal_text(at.mode));
                              }},
                   socket.address);
        rows.word("backlog", std::to_string(socket.backlog));
        if (socket.reuse_port) rows.word("reuse_port", "true");
        map.map(socket.name, std::move(rows));
    }
    return map;
}

YamlMap groups_map(const std::vector<Group>& groups)
{
    YamlMap map;
    for (const Group& group : groups) {
        YamlMap rows;
        rows.word("strategy", word_of(group.strategy));
        rows.texts("processes", group.processes);
        map.map(group.name, std::move(rows));
    }
    return map;
}

YamlMap metrics_map(const MetricsSpec& metrics)
{
    YamlMap map;
    if (metrics.named) map.text("listen", endpoint_text(metrics.host, metrics.port));
    return map;
}

bool has_environment(const AppSpec& app)
{
    const auto has = [](const ProcessSpec& process) { return !process.environment.empty(); };
    return !app.environment.empty() || std::ranges::any_of(app.processes, has);
}

} // namespace

std::string print(const AppSpec& app, EnvironmentValues values)
{
    YamlMap map;
    map.text("name", app.name);
    put_shell(map, app);
    map.list("environment", environment_list(app.environment, values));
    map.map("hub", hub_map(app.hub));
    map.map("metrics", metrics_map(app.metrics));
    map.map("sockets", sockets_map(app.sockets));
    map.map("groups", groups_map(app.groups));
    if (app.max_unready != 0) map.number("max_unready", app.max_unready);
    YamlMap processes;
    for (const ProcessSpec& process : app.processes) processes.map(process.name, process_map(process, values));
    map.map("processes", std::move(processes));
    const bool hides = values == EnvironmentValues::hidden && has_environment(app);
    return (hides ? "# Environment variables are named without their values, so that this cannot run as it is.\n"
                  : "") +
           map.str();
}

} // namespace pandora::procfiles
