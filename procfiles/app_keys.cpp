// The keys of the app: the top of a procfile.
#include "procfiles/keys.hpp"
#include "procfiles/names.hpp"
#include "procfiles/values.hpp"

#include <array>

namespace pandora::procfiles {

namespace {

/// A name that is wrong leaves the app without any: nobody may take that of the folder for the one that was meant.
void read_app_name(Reader& reader, const Node& node, std::string& into)
{
    into.clear();
    const auto name = reader.text(node);
    if (!name) return;
    if (const auto fault = app_name_fault(*name))
        reader.problem(node.place, "app name " + quote(*name) + ": " + *fault + reader.unset_variable(node));
    else
        into = *name;
}

void read_listen(Reader& reader, const Node& node, MetricsSpec& into)
{
    Endpoint endpoint;
    reader.scalar(node, "an address such as `127.0.0.1:7002`, `[::1]:7002`, `:7002` or 7002", parse_endpoint, endpoint);
    if (endpoint.host.empty()) return;
    into = {.host = endpoint.host, .port = endpoint.port, .named = true};
}

constexpr std::array metrics_keys{
    Key<MetricsSpec>{"listen", read_listen},
};

constexpr std::array shell_keys{
    Key<Shell>{"shell_command", field<&Shell::program, read_nonempty_text>},
    Key<Shell>{"shell_argument", field<&Shell::argument, read_nonempty_text>},
    Key<Shell>{"elevated_shell_command", unsupported<"`elevated_shell_command` is not supported: run pandora as root, "
                                                     "and name a `user` for those processes that need no rights">},
    Key<Shell>{"elevated_shell_argument", unsupported<"`elevated_shell_argument` is not supported, as `is_elevated`">},
};

void read_metrics(Reader& reader, const Node& node, MetricsSpec& into) { read_keys(reader, node, metrics_keys, into); }

void read_shell(Reader& reader, const Node& node, Shell& into) { read_keys(reader, node, shell_keys, into); }

void read_env_expansion(Reader& reader, const Node& node, AppDraft&)
{
    bool disabled = false;
    read_switch(reader, node, disabled);
    if (disabled) reader.scope().leave_variables();
}

void read_app_vars(Reader& reader, const Node& node, AppDraft&) { read_vars(reader, node, reader.scope().app_vars()); }

// Rows build on those above: whether variables are put in decides all texts, `env_file` stands above `environment`,
// whose variables win, and the processes come last, with what is said for all of them.
constexpr std::array app_keys{
    Key<AppDraft>{"disable_env_expansion", read_env_expansion},
    Key<AppDraft>{"version", ignore_text<AppDraft>},
    Key<AppDraft>{"is_strict", field<&AppDraft::strict, read_switch>},
    Key<AppDraft>{"extends", ignore<AppDraft>},
    Key<AppDraft>{"name", field<&AppSpec::name, read_app_name>},
    Key<AppDraft>{"vars", read_app_vars},
    Key<AppDraft>{"shell", field<&AppDraft::shell, read_shell>},
    Key<AppDraft>{"env_file", field<&AppSpec::environment, read_env_files>},
    Key<AppDraft>{"env_cmds", read_env_commands},
    Key<AppDraft>{"environment", field<&AppSpec::environment, read_environment>},
    Key<AppDraft>{"logs", field<&AppDraft::logs, read_logs>},
    Key<AppDraft>{"log_configuration", field<&AppDraft::logs, read_log_configuration>},
    Key<AppDraft>{"log_location", field<&AppDraft::logs, read_log_location>},
    Key<AppDraft>{"log_length", nested<&AppDraft::logs, &LogSpec::tail_lines, read_count<0, tail_lines_max>>},
    Key<AppDraft>{"hub", field<&AppSpec::hub, read_hub>},
    Key<AppDraft>{"metrics", field<&AppSpec::metrics, read_metrics>},
    Key<AppDraft>{"sockets", field<&AppSpec::sockets, read_sockets>},
    Key<AppDraft>{"groups", field<&AppSpec::groups, read_groups>},
    Key<AppDraft>{"max_unready", field<&AppSpec::max_unready, read_count<0, replicas_max>>},
    Key<AppDraft>{"ordered_shutdown", ignore_text<AppDraft>},
    Key<AppDraft>{"processes", read_processes},
    Key<AppDraft>{"is_tui_disabled", unsupported<"`is_tui_disabled` is not supported: `pandora run` never shows a "
                                                 "terminal UI">},
    Key<AppDraft>{"mcp_server", unsupported<"`mcp_server` is not supported: pandora has a hub and an HTTP API">},
    Key<AppDraft>{"log_level", ignore_text<AppDraft>, "log_level", Audience::compose},
    Key<AppDraft>{"log_format", ignore_text<AppDraft>, "log_format", Audience::compose},
    Key<AppDraft>{"file_names", ignore<AppDraft>, "file_names", Audience::compose},
    Key<AppDraft>{"env_file_names", ignore<AppDraft>, "env_file_names", Audience::compose},
    Key<AppDraft>{"dot_env_vars", ignore<AppDraft>, "dot_env_vars", Audience::compose},
};

constexpr std::array app_hints{
    Hint{"env", "environment"}, Hint{"services", "processes"}, Hint{"programs", "processes"},
    Hint{"apps", "processes"},  Hint{"include", "extends"},    Hint{"log_dir", "logs.directory"},
};

} // namespace

AppDraft read_app(Reader& reader, const Node& root, Environment dotenv)
{
    const LoadContext& context = reader.context();
    AppDraft app;
    app.name = app_name_for(context.folder);
    app.file = (context.folder / context.file.filename()).lexically_normal();
    app.dotenv = std::move(dotenv);
    if (reader.is_compose()) {
        app.shell.program = "bash";
        app.logs = compose_logs();
    }
    const Given given = read_keys(reader, root, app_keys, app, app_hints);
    if (!given.find("processes") && std::holds_alternative<Map>(root.content))
        reader.problem(root.place, "no processes: there is nothing to supervise");
    return app;
}

std::vector<std::string> known_keys()
{
    std::vector<std::string> keys;
    append_keys("", app_keys, keys);
    append_hub_keys(keys);
    append_keys("metrics.", metrics_keys, keys);
    append_keys("shell.", shell_keys, keys);
    append_socket_keys(keys);
    append_group_keys(keys);
    append_log_keys("", keys);
    append_process_keys(keys);
    return keys;
}

} // namespace pandora::procfiles
