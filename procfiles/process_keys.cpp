#include "procfiles/keys.hpp"
#include "procfiles/names.hpp"
#include "procfiles/quote.hpp"
#include "procfiles/values.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

namespace pandora::procfiles {

namespace {

std::optional<Restart> parse_restart(std::string word)
{
    std::replace(word.begin(), word.end(), '-', '_'); // `on-failure` is what Docker and systemd write
    if (word == "no") return Restart::no;
    if (word == "on_failure") return Restart::on_failure;
    if (word == "always") return Restart::always;
    if (word == "exit_on_failure") return Restart::exit_on_failure;
    return std::nullopt;
}

std::optional<Condition> parse_condition(std::string_view word)
{
    if (word == "process_started") return Condition::started;
    if (word == "process_healthy") return Condition::healthy;
    if (word == "process_completed") return Condition::completed;
    if (word == "process_completed_successfully") return Condition::completed_successfully;
    return std::nullopt;
}

void read_restart(Reader& reader, const Node& node, Restart& into)
{
    reader.scalar(node, "`no`, `on_failure`, `always` or `exit_on_failure`", parse_restart, into);
}

void read_condition(Reader& reader, const Node& node, Condition& into)
{
    reader.scalar(node, "`process_started`, `process_healthy`, `process_completed` or `process_completed_successfully`",
                  parse_condition, into);
}

/// Whether it is at least 1 is a question of sense, which validate() asks.
void read_multiplier(Reader& reader, const Node& node, double& into)
{
    const auto parse = [](std::string_view text) {
        const auto number = parse_number(text);
        return number && *number <= backoff_multiplier_max ? number : std::nullopt;
    };
    reader.scalar(node, "a number such as 1.5, at most 1000", parse, into);
}

void read_replicas(Reader& reader, const Node& node, std::uint32_t& into)
{
    const auto parse = [cpus = reader.context().cpus](std::string_view text) -> std::optional<std::uint64_t> {
        if (text == "auto") return std::clamp<std::uint32_t>(cpus, 1, replicas_max);
        const auto count = parse_count(text);
        return count && *count >= 1 && *count <= replicas_max ? count : std::nullopt;
    };
    reader.scalar(node, "a whole number from 1 to " + std::to_string(replicas_max) + " or `auto`", parse, into);
}

void read_command(Reader& reader, const Node& node, Command& into)
{
    ShellCommand command;
    read_nonempty_text(reader, node, command.text);
    into = std::move(command);
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

void read_path(Reader& reader, const Node& node, std::filesystem::path& into)
{
    std::string text;
    read_nonempty_text(reader, node, text);
    if (!text.empty()) into = (reader.context().folder / text).lexically_normal();
}

void read_objects(Reader& reader, const Node& node, std::vector<std::string>& into)
{
    const List* list = reader.list(node, "a list of object names");
    if (list == nullptr) return;
    std::unordered_set<std::string> seen;
    for (const Node* item : list->items) {
        std::string name;
        read_nonempty_text(reader, *item, name);
        if (name.empty()) continue;
        if (seen.insert(name).second)
            into.push_back(std::move(name));
        else
            reader.problem(item->place, "object " + quote(name) + " listed twice");
    }
}

constexpr std::array dependency_keys{
    Key<Dependency>{"condition", field<&Dependency::condition, read_condition>},
};

constexpr std::array availability_keys{
    Key<Availability>{"restart", field<&Availability::restart, read_restart>},
    Key<Availability>{"backoff", field<&Availability::backoff, read_duration>},
    Key<Availability>{"backoff_seconds", field<&Availability::backoff, read_duration>, "backoff"},
    Key<Availability>{"backoff_multiplier", field<&Availability::backoff_multiplier, read_multiplier>},
    Key<Availability>{"backoff_max", field<&Availability::backoff_max, read_duration>},
    Key<Availability>{"backoff_max_seconds", field<&Availability::backoff_max, read_duration>, "backoff_max"},
    Key<Availability>{"max_restarts", field<&Availability::max_restarts, read_count<0, restarts_max>>},
    Key<Availability>{"restart_window", field<&Availability::restart_window, read_positive_duration>},
    Key<Availability>{"restart_window_seconds", field<&Availability::restart_window, read_positive_duration>,
                      "restart_window"},
    Key<Availability>{"reset_after", field<&Availability::reset_after, read_duration>},
    Key<Availability>{"backoff_reset_seconds", field<&Availability::reset_after, read_duration>, "reset_after"},
    Key<Availability>{"exit_on_end", field<&Availability::exit_on_end, read_switch>},
};

constexpr std::array shutdown_keys{
    Key<Shutdown>{"command", field<&Shutdown::command, read_nonempty_text>},
    Key<Shutdown>{"signal", field<&Shutdown::signal, read_signal>},
    Key<Shutdown>{"timeout", field<&Shutdown::timeout, read_duration>},
    Key<Shutdown>{"timeout_seconds", field<&Shutdown::timeout, read_duration>, "timeout"},
    Key<Shutdown>{"parent_only", field<&Shutdown::parent_only, read_switch>},
};

void read_availability(Reader& reader, const Node& node, Availability& into)
{
    const Given given = read_keys(reader, node, availability_keys, into);
    into.place = node.place;
    // Who asks for a long first delay means it: the default limit must not contradict what was written.
    if (!given.find("backoff_max")) into.backoff_max = std::max(into.backoff_max, into.backoff);
}

void read_shutdown(Reader& reader, const Node& node, Shutdown& into) { read_keys(reader, node, shutdown_keys, into); }

void read_dependency_list(Reader& reader, const List& list, std::vector<Dependency>& into)
{
    std::unordered_set<std::string> seen;
    for (const Node* item : list.items) {
        auto name = reader.text(*item, "the name of a process");
        if (!name) continue;
        if (seen.insert(*name).second)
            into.push_back({.process = *std::move(name), .place = item->place});
        else
            reader.problem(item->place, "dependency on " + quote(*name) + " listed twice");
    }
}

void read_dependencies(Reader& reader, const Node& node, std::vector<Dependency>& into)
{
    if (const auto* list = std::get_if<List>(&node.content)) return read_dependency_list(reader, *list, into);
    const Map* map = reader.map(node, "a list of process names or a map");
    if (map == nullptr) return;
    for (const Entry& entry : map->entries) {
        Dependency dependency{.process = std::string{entry.key}, .place = entry.place};
        read_keys(reader, *entry.value, dependency_keys, dependency);
        into.push_back(std::move(dependency));
    }
}

// `env_file` stands above `environment`, whose variables win.
constexpr std::array process_keys{
    Key<ProcessSpec>{"command", field<&ProcessSpec::command, read_command>},
    Key<ProcessSpec>{"entrypoint", field<&ProcessSpec::command, read_entrypoint>},
    Key<ProcessSpec>{"working_dir", field<&ProcessSpec::working_dir, read_path>},
    Key<ProcessSpec>{"env_file", field<&ProcessSpec::environment, read_env_files>},
    Key<ProcessSpec>{"environment", field<&ProcessSpec::environment, read_environment>},
    Key<ProcessSpec>{"replicas", field<&ProcessSpec::replicas, read_replicas>},
    Key<ProcessSpec>{"depends_on", field<&ProcessSpec::depends_on, read_dependencies>},
    Key<ProcessSpec>{"availability", field<&ProcessSpec::availability, read_availability>},
    Key<ProcessSpec>{"shutdown", field<&ProcessSpec::shutdown, read_shutdown>},
    Key<ProcessSpec>{"objects", field<&ProcessSpec::objects, read_objects>},
    Key<ProcessSpec>{"description", field<&ProcessSpec::description, read_text>},
};

/// What other supervisors call it.
constexpr std::array process_hints{
    Hint{"env", "environment"},
    Hint{"cmd", "command"},
    Hint{"exec", "command"},
    Hint{"args", "entrypoint"},
    Hint{"cwd", "working_dir"},
    Hint{"directory", "working_dir"},
    Hint{"numprocs", "replicas"},
    Hint{"instances", "replicas"},
    Hint{"restart", "availability.restart"},
    Hint{"autorestart", "availability.restart"},
    Hint{"stop_signal", "shutdown.signal"},
    Hint{"stop_grace_period", "shutdown.timeout"},
};

void check_command(Reader& reader, const Entry& entry, const Given& given)
{
    const auto command = given.find("command");
    const auto entrypoint = given.find("entrypoint");
    if (command && entrypoint)
        reader.problem(std::max(*command, *entrypoint),
                       "process " + quote(entry.key) + " has both `command` and `entrypoint`; only one can run");
    if (!command && !entrypoint)
        reader.problem(entry.place, "process " + quote(entry.key) + " has neither `command` nor `entrypoint`");
}

ProcessSpec read_process(Reader& reader, const Entry& entry)
{
    ProcessSpec process;
    process.name = entry.key;
    process.place = entry.place;
    process.working_dir = reader.context().folder;
    if (const auto fault = process_name_fault(entry.key))
        reader.problem(entry.place, "process " + quote(entry.key) + ": " + *fault);
    const Given given = read_keys(reader, *entry.value, process_keys, process, process_hints);
    if (std::holds_alternative<Map>(entry.value->content) || reader.is_absent(*entry.value))
        check_command(reader, entry, given);
    return process;
}

} // namespace

void read_processes(Reader& reader, const Node& node, std::vector<ProcessSpec>& into)
{
    const Map* map = reader.map(node, "a map of processes by name");
    if (map == nullptr) return;
    if (map->entries.empty()) reader.problem(node.place, "no processes: there is nothing to supervise");
    for (const Entry& entry : map->entries) into.push_back(read_process(reader, entry));
}

void append_process_keys(std::vector<std::string>& into)
{
    append_keys("processes.*.", process_keys, into);
    append_keys("processes.*.depends_on.*.", dependency_keys, into);
    append_keys("processes.*.availability.", availability_keys, into);
    append_keys("processes.*.shutdown.", shutdown_keys, into);
}

} // namespace pandora::procfiles
