// The keys of a process. What is a map of its own is in the files named after that.
#include "procfiles/bases.hpp"
#include "procfiles/keys.hpp"
#include "procfiles/names.hpp"
#include "procfiles/order.hpp"
#include "procfiles/values.hpp"

#include <array>
#include <unordered_set>
#include <utility>

namespace pandora::procfiles {

namespace {

void read_replicas(Reader& reader, const Node& node, std::uint32_t& into)
{
    const auto parse = [cpus = reader.context().cpus](std::string_view text) -> std::optional<std::uint64_t> {
        if (text == "auto") return std::clamp<std::uint32_t>(cpus, 1, replicas_max);
        const auto count = parse_count(text);
        return count && *count >= 1 && *count <= replicas_max ? count : std::nullopt;
    };
    reader.scalar(node, "a whole number from 1 to " + std::to_string(replicas_max) + " or `auto`", parse, into);
}

void read_entrypoint(Reader& reader, const Node& node, Command& into)
{
    constexpr std::string_view what = "a list of texts: the program and its arguments";
    const List* list = reader.list(node, what);
    if (list == nullptr) return;
    if (list->items.empty())
        return reader.problem(node.place, "expected " + std::string{what} + ", found an empty list");
    Entrypoint entrypoint;
    for (const Node* item : list->items)
        if (auto text = reader.text(*item)) entrypoint.argv.push_back(*std::move(text));
    if (entrypoint.argv.size() != list->items.size()) return;
    if (entrypoint.argv.front().empty()) return reader.expected(*list->items.front(), "a program");
    into = std::move(entrypoint);
}

void read_command(Reader& reader, const Node& node, ProcessDraft& into)
{
    if (std::holds_alternative<List>(node.content))
        return reader.problem(node.place, "expected a text for the shell, found a list; a program and its arguments as "
                                          "a list are an `entrypoint`");
    ShellCommand command{.shell = into.shell};
    read_nonempty_text(reader, node, command.text);
    into.command = std::move(command);
}

void read_objects(Reader& reader, const Node& node, Readiness& into)
{
    const List* list = reader.list(node, "a list of object names");
    if (list == nullptr) return;
    std::unordered_set<std::string> seen;
    for (const Node* item : list->items) {
        std::string name;
        read_nonempty_text(reader, *item, name);
        if (name.empty()) continue;
        if (seen.insert(name).second)
            into.objects.push_back(std::move(name));
        else
            reader.problem(item->place, "object " + quote(name) + " listed twice");
    }
}

void read_log_line(Reader& reader, const Node& node, std::string& into)
{
    const auto parse = [](std::string_view text) {
        const bool fits = !text.empty() && text.size() <= log_line_bytes_max;
        return fits ? std::optional{std::string{text}} : std::nullopt;
    };
    reader.scalar(node, "part of a line, 1 to " + std::to_string(log_line_bytes_max) + " bytes", parse, into);
}

void read_exit_codes(Reader& reader, const Node& node, std::vector<int>& into)
{
    const List* list = reader.list(node, "a list of exit codes");
    if (list == nullptr) return;
    for (const Node* item : list->items) {
        int code = -1;
        read_integer<0, 255>(reader, *item, code);
        if (code >= 0) into.push_back(code);
    }
}

void read_order(Reader& reader, const Node& node, ProcessDraft& into)
{
    optionally<read_integer<-1'000'000, 1'000'000>>(reader, node, into.order);
    into.order_place = node.place;
}

void read_dotenv_disabled(Reader& reader, const Node& node, ProcessDraft& into)
{
    read_inverse(reader, node, into.dotenv);
}

// Numbers are octal, as chmod(1) and umask(1) have them.
void read_umask(Reader& reader, const Node& node, Isolation& into) { optionally<read_octal>(reader, node, into.umask); }

void read_supplementary_groups(Reader& reader, const Node& node, Isolation& into)
{
    std::vector<std::string> groups;
    read_texts(reader, node, groups);
    into.groups = std::move(groups);
}

template <auto outer, auto member, auto read>
constexpr auto part = nested<outer, member, read, ProcessDraft>;

// `extends` has been applied before, and `vars` and `is_template_disabled` decide how texts are read, so read_process()
// has them first. `working_dir` stands above what starts there, `env_file` above `environment`, whose variables win,
// `disabled` above `is_disabled`, which wins, and `log_configuration` above `log_location`.
constexpr std::array process_keys{
    Key<ProcessDraft>{"extends", ignore<ProcessDraft>},
    Key<ProcessDraft>{"vars", ignore<ProcessDraft>},
    Key<ProcessDraft>{"is_template_disabled", ignore<ProcessDraft>},
    Key<ProcessDraft>{"description", field<&ProcessSpec::description, read_text>},
    Key<ProcessDraft>{"command", read_command},
    Key<ProcessDraft>{"entrypoint", field<&ProcessSpec::command, read_entrypoint>},
    Key<ProcessDraft>{"working_dir", field<&ProcessSpec::working_dir, read_path>},
    Key<ProcessDraft>{"env_file", field<&ProcessSpec::environment, read_env_files>},
    Key<ProcessDraft>{"environment", field<&ProcessSpec::environment, read_environment>},
    Key<ProcessDraft>{"is_dotenv_disabled", read_dotenv_disabled},
    Key<ProcessDraft>{"replicas", field<&ProcessSpec::replicas, read_replicas>},
    Key<ProcessDraft>{"namespace", field<&ProcessSpec::namespaces, read_texts>},
    Key<ProcessDraft>{"disabled", field<&ProcessSpec::disabled, read_switch>},
    Key<ProcessDraft>{"is_disabled", field<&ProcessSpec::disabled, read_switch>},
    Key<ProcessDraft>{"depends_on", field<&ProcessSpec::depends_on, read_dependencies>},
    Key<ProcessDraft>{"order", read_order},
    Key<ProcessDraft>{"availability", field<&ProcessSpec::availability, read_availability>},
    Key<ProcessDraft>{"success_exit_codes", field<&ProcessSpec::success_exit_codes, read_exit_codes>},
    Key<ProcessDraft>{"objects", field<&ProcessSpec::readiness, read_objects>},
    Key<ProcessDraft>{"notify", part<&ProcessSpec::readiness, &Readiness::notify, read_switch>},
    Key<ProcessDraft>{
        "notification_fd",
        part<&ProcessSpec::readiness, &Readiness::notification_fd, optionally<read_integer<3, 255>, int>>},
    Key<ProcessDraft>{"ready_log_line", part<&ProcessSpec::readiness, &Readiness::log_line, read_log_line>},
    Key<ProcessDraft>{"readiness_probe", read_readiness_probe},
    Key<ProcessDraft>{"start_timeout", part<&ProcessSpec::readiness, &Readiness::timeout, read_duration>},
    Key<ProcessDraft>{"liveness_probe", read_liveness_probe},
    Key<ProcessDraft>{"watchdog", field<&ProcessSpec::watchdog, read_duration>},
    Key<ProcessDraft>{"shutdown", field<&ProcessSpec::shutdown, read_shutdown>},
    Key<ProcessDraft>{"reload", field<&ProcessSpec::reload, read_reload>},
    Key<ProcessDraft>{"rollout", field<&ProcessSpec::rollout, read_rollout>},
    Key<ProcessDraft>{"recycle", field<&ProcessSpec::recycle, read_recycle>},
    Key<ProcessDraft>{"hooks", field<&ProcessSpec::hooks, read_hooks>},
    Key<ProcessDraft>{"schedule", field<&ProcessSpec::schedule, read_schedule>},
    Key<ProcessDraft>{"watch", read_watch},
    Key<ProcessDraft>{"sockets", field<&ProcessSpec::sockets, read_texts>},
    Key<ProcessDraft>{"on_demand", field<&ProcessSpec::on_demand, read_switch>},
    Key<ProcessDraft>{"is_daemon", field<&ProcessSpec::is_daemon, read_switch>},
    Key<ProcessDraft>{"launch_timeout", field<&ProcessSpec::launch_timeout, read_positive_duration>},
    Key<ProcessDraft>{"launch_timeout_seconds", field<&ProcessSpec::launch_timeout, read_positive_duration>,
                      "launch_timeout"},
    Key<ProcessDraft>{"is_tty", field<&ProcessSpec::tty, read_switch>},
    Key<ProcessDraft>{"limits", field<&ProcessSpec::limits, read_limits>},
    Key<ProcessDraft>{"user", part<&ProcessSpec::isolation, &Isolation::user, read_nonempty_text>},
    Key<ProcessDraft>{"group", part<&ProcessSpec::isolation, &Isolation::group, read_nonempty_text>},
    Key<ProcessDraft>{"groups", field<&ProcessSpec::isolation, read_supplementary_groups>},
    Key<ProcessDraft>{"umask", field<&ProcessSpec::isolation, read_umask>},
    Key<ProcessDraft>{"no_new_privileges", part<&ProcessSpec::isolation, &Isolation::no_new_privileges, read_switch>},
    Key<ProcessDraft>{"capabilities", field<&ProcessSpec::isolation, read_capabilities>},
    Key<ProcessDraft>{"logs", field<&ProcessSpec::logs, read_logs>},
    Key<ProcessDraft>{"log_configuration", field<&ProcessSpec::logs, read_log_configuration>},
    Key<ProcessDraft>{"log_location", field<&ProcessSpec::logs, read_log_location>},
    Key<ProcessDraft>{"is_elevated",
                      unsupported<"`is_elevated` is not supported: run pandora as root, and name a `user` for those "
                                  "processes that need no rights">},
    Key<ProcessDraft>{"is_foreground", unsupported<"`is_foreground` is not supported: processes have no terminal to "
                                                   "take; `disabled: true` leaves the start to you">},
    Key<ProcessDraft>{"is_interactive", unsupported<"`is_interactive` is not supported: a process gets no keyboard; "
                                                    "`is_tty` gives its output a terminal">},
    Key<ProcessDraft>{"monitor_for", unsupported<"`monitor_for` is not supported: pandora has no screen to mark it on; "
                                                 "see `watchdog` and `liveness_probe`">},
    Key<ProcessDraft>{"monitor_silence_threshold", unsupported<"`monitor_silence_threshold` is not supported: see "
                                                               "`watchdog` and `liveness_probe`">},
    Key<ProcessDraft>{"mcp", unsupported<"`mcp` is not supported: publish an object on the hub instead">},
    Key<ProcessDraft>{"truncate_log", ignore_text<ProcessDraft>},
    Key<ProcessDraft>{"disable_ansi_colors", ignore_text<ProcessDraft>},
    Key<ProcessDraft>{"name", ignore<ProcessDraft>, "name", Audience::compose},
    Key<ProcessDraft>{"replica_num", ignore<ProcessDraft>, "replica_num", Audience::compose},
    Key<ProcessDraft>{"replica_name", ignore<ProcessDraft>, "replica_name", Audience::compose},
    Key<ProcessDraft>{"executable", ignore<ProcessDraft>, "executable", Audience::compose},
    Key<ProcessDraft>{"args", ignore<ProcessDraft>, "args", Audience::compose},
    Key<ProcessDraft>{"original_config", ignore<ProcessDraft>, "original_config", Audience::compose},
};

/// What other supervisors call it.
constexpr std::array process_hints{
    Hint{"env", "environment"},
    Hint{"cmd", "command"},
    Hint{"exec", "command"},
    Hint{"script", "command"},
    Hint{"args", "entrypoint"},
    Hint{"cwd", "working_dir"},
    Hint{"directory", "working_dir"},
    Hint{"numprocs", "replicas"},
    Hint{"instances", "replicas"},
    Hint{"scale", "replicas"},
    Hint{"restart", "availability.restart"},
    Hint{"autorestart", "availability.restart"},
    Hint{"respawn", "availability.restart"},
    Hint{"max_restarts", "availability.max_restarts"},
    Hint{"stop_signal", "shutdown.signal"},
    Hint{"stop_grace_period", "shutdown.timeout"},
    Hint{"kill_timeout", "shutdown.timeout"},
    Hint{"max_age", "recycle.age"},
    Hint{"max_memory_restart", "recycle.memory"},
    Hint{"cron_restart", "schedule.cron"},
    Hint{"healthcheck", "readiness_probe"},
    Hint{"exitcodes", "success_exit_codes"},
    Hint{"uid", "user"},
    Hint{"gid", "group"},
    Hint{"priority", "order"},
    Hint{"wait_ready", "notify"},
    Hint{"listen_timeout", "start_timeout"},
    Hint{"tty", "is_tty"},
    Hint{"stdout_logfile", "log_location"},
    Hint{"memory", "limits.memory"},
    Hint{"nice", "limits.nice"},
};

/// A key that nobody knows and that is meant for one of these has been reported, and its author knows what to do. In a
/// file of process-compose that was but a warning.
bool misspells_command(Reader& reader, const Map& map)
{
    const auto names = names_of<ProcessDraft>(process_keys, reader.is_compose());
    return !reader.is_compose() && std::ranges::any_of(map.entries, [&](const Entry& entry) {
        const bool known = std::ranges::find(names, entry.key, &KeyName::name) != names.end();
        const auto meant = known ? std::string_view{} : meant_key(entry.key, names, process_hints);
        return meant == "command" || meant == "entrypoint";
    });
}

void check_command(Reader& reader, const Entry& entry, const Given& given)
{
    const auto command = given.find("command");
    const auto entrypoint = given.find("entrypoint");
    if (command && entrypoint)
        reader.lapse(std::max(*command, *entrypoint),
                     "process " + quote(entry.key) + " has both `command` and `entrypoint`; only one can run");
    if (command || entrypoint) return;
    const auto* map = std::get_if<Map>(&entry.value->content);
    if (map != nullptr && misspells_command(reader, *map)) return;
    const Entry* empty = map == nullptr ? nullptr : map->find("command");
    reader.problem(entry.place, "process " + quote(entry.key) + " has neither `command` nor `entrypoint`" +
                                    (empty == nullptr ? "" : reader.unset_variable(*empty->value)));
}

/// What decides how the other texts are read: the variables of templates, and whether there are any.
bool read_scope(Reader& reader, const Node& node, Vars& vars)
{
    bool disabled = false;
    const auto* map = std::get_if<Map>(&node.content);
    if (map == nullptr) return true;
    if (const Entry* entry = map->find("vars")) read_vars(reader, *entry->value, vars);
    if (const Entry* entry = map->find("is_template_disabled"); entry != nullptr && !reader.is_absent(*entry->value))
        read_switch(reader, *entry->value, disabled);
    return !disabled;
}

/// A file of process-compose may have both; there the command wins.
void prefer_command(Reader& reader, const Node& node, const Given& given, ProcessDraft& process)
{
    if (!reader.is_compose() || !given.find("command") || !given.find("entrypoint")) return;
    read_command(reader, *std::get<Map>(node.content).find("command")->value, process);
}

/// What a Procfile of Heroku has behind the name of a process.
bool is_text(const Reader& reader, const Node& node)
{
    return std::holds_alternative<Scalar>(node.content) && !reader.is_absent(node);
}

ProcessDraft read_process(Reader& reader, const Entry& entry, const AppDraft& app)
{
    ProcessDraft process;
    process.name = entry.key;
    process.place = entry.place;
    process.working_dir = reader.context().folder;
    process.shell = app.shell;
    process.logs = app.logs;
    if (const auto fault = process_name_fault(entry.key))
        reader.problem(entry.place, "process " + quote(entry.key) + ": " + *fault);

    if (is_text(reader, *entry.value)) {
        reader.expected(*entry.value, "a map of keys such as `command`");
        return process;
    }
    const bool templates = read_scope(reader, *entry.value, process.vars);
    reader.scope().enter_process(entry.key, process.vars, templates);
    const Given given = read_keys(reader, *entry.value, process_keys, process, process_hints);
    prefer_command(reader, *entry.value, given, process);
    if (std::holds_alternative<Map>(entry.value->content) || reader.is_absent(*entry.value))
        check_command(reader, entry, given);
    process.per_replica = reader.scope().per_replica();
    reader.scope().leave_process();
    return process;
}

/// Variables of `.env` are every process' own, but for those that asked for none. Each copy costs memory, so that
/// there is a limit where they cannot simply be the app's.
void hand_out_dotenv(Reader& reader, const Node& node, AppDraft& app, const std::vector<bool>& wanted)
{
    if (std::find(wanted.begin(), wanted.end(), false) == wanted.end()) {
        app.environment.insert(app.environment.begin(), app.dotenv.begin(), app.dotenv.end());
        return;
    }
    if (app.dotenv.size() * wanted.size() > dotenv_copies_max)
        return reader.problem(node.place, "`is_dotenv_disabled` with more than " + std::to_string(dotenv_copies_max) +
                                              " variables of env files in all processes");
    std::unordered_set<std::string_view> stronger;
    for (const Variable& variable : app.environment) stronger.insert(variable.name);
    Environment weaker;
    for (const Variable& variable : app.dotenv)
        if (!stronger.contains(variable.name)) weaker.push_back(variable);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        Environment& own = app.processes[i].environment;
        if (wanted[i]) own.insert(own.begin(), weaker.begin(), weaker.end());
    }
}

} // namespace

void read_path(Reader& reader, const Node& node, std::filesystem::path& into)
{
    std::string text;
    read_nonempty_text(reader, node, text);
    if (!text.empty()) into = (reader.context().folder / text).lexically_normal();
}

void read_processes(Reader& reader, const Node& node, AppDraft& app)
{
    const Map* map = reader.map(node, "a map of processes by name");
    if (map == nullptr) return;
    if (map->entries.empty()) reader.problem(node.place, "no processes: there is nothing to supervise");
    std::vector<Order> orders;
    std::vector<bool> wanted;
    for (const Entry& entry : map->entries) {
        ProcessDraft process = read_process(reader, entry, app);
        orders.push_back({process.order, process.order_place});
        wanted.push_back(process.dotenv);
        app.processes.push_back(std::move(process));
    }
    apply_orders(reader, orders, app.processes);
    hand_out_dotenv(reader, node, app, wanted);
}

void append_process_keys(std::vector<std::string>& into)
{
    append_keys("processes.*.", process_keys, into);
    append_extends_keys(into);
    append_dependency_keys(into);
    append_restart_keys(into);
    append_probe_keys(into);
    append_stop_keys(into);
    append_schedule_keys(into);
    append_limit_keys(into);
    append_log_keys("processes.*.", into);
}

} // namespace pandora::procfiles
