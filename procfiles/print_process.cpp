#include "procfiles/print_process.hpp"

#include "procfiles/overloaded.hpp"
#include "procfiles/print_limits.hpp"
#include "procfiles/print_values.hpp"

#include <utility>

namespace pandora::procfiles {

namespace {

/// Adds the rows of a map whose values differ from those of a default-made `T`.
template <class T>
class Differences {
public:
    explicit Differences(const T& of) : of_{of} {}

    void duration(std::string_view key, Millis T::*member) { word(key, member, duration_text); }

    void size(std::string_view key, std::uint64_t T::*member) { word(key, member, size_text); }

    void flag(std::string_view key, bool T::*member)
    {
        word(key, member, [](bool on) -> std::string { return on ? "true" : "false"; });
    }

    void count(std::string_view key, std::uint32_t T::*member)
    {
        word(key, member, [](std::uint32_t count) { return std::to_string(count); });
    }

    void number(std::string_view key, double T::*member) { word(key, member, number_text); }

    void signal(std::string_view key, int T::*member) { word(key, member, signal_text); }

    template <class Enum>
    void choice(std::string_view key, Enum T::*member)
    {
        word(key, member, [](Enum value) { return word_of(value); });
    }

    void text(std::string_view key, std::string T::*member)
    {
        if (of_.*member != default_.*member) map.text(key, of_.*member);
    }

    YamlMap map;

private:
    template <class Member, class Write>
    void word(std::string_view key, Member T::*member, Write write)
    {
        if (of_.*member != default_.*member) map.word(key, write(of_.*member));
    }

    const T& of_;
    const T default_{};
};

YamlMap availability_map(const Availability& availability)
{
    using A = Availability;
    Differences rows{availability};
    rows.choice("restart", &A::restart);
    rows.duration("backoff", &A::backoff);
    rows.number("backoff_multiplier", &A::backoff_multiplier);
    rows.duration("backoff_max", &A::backoff_max);
    rows.number("backoff_jitter", &A::backoff_jitter);
    rows.count("max_restarts", &A::max_restarts);
    rows.duration("restart_window", &A::restart_window);
    rows.duration("reset_after", &A::reset_after);
    rows.choice("on_give_up", &A::on_give_up);
    rows.flag("exit_on_end", &A::exit_on_end);
    rows.flag("exit_on_skipped", &A::exit_on_skipped);
    return std::move(rows.map);
}

YamlMap shutdown_map(const Shutdown& shutdown)
{
    Differences rows{shutdown};
    rows.text("command", &Shutdown::command);
    rows.signal("signal", &Shutdown::signal);
    rows.duration("timeout", &Shutdown::timeout);
    rows.flag("parent_only", &Shutdown::parent_only);
    rows.duration("drain", &Shutdown::drain);
    return std::move(rows.map);
}

/// `port_text` is of one that differs by replica.
template <class NetworkProbe>
void put_port(YamlMap& map, const NetworkProbe& probe)
{
    if (probe.port_text.empty())
        map.number("port", probe.port);
    else
        map.text("port", probe.port_text);
}

YamlMap http_map(const HttpProbe& http)
{
    YamlMap map;
    map.word("scheme", http.tls ? "https" : "http");
    map.text("host", http.host);
    put_port(map, http);
    map.text("path", http.path);
    YamlMap headers;
    for (const HttpHeader& header : http.headers) headers.text(header.name, header.value);
    map.map("headers", std::move(headers));
    map.number("status_code", http.status);
    return map;
}

YamlMap tcp_map(const TcpProbe& tcp)
{
    YamlMap map;
    map.text("host", tcp.host);
    put_port(map, tcp);
    return map;
}

YamlMap exec_map(const ExecProbe& exec)
{
    YamlMap map;
    map.text("command", exec.command.text);
    if (!exec.working_dir.empty()) map.text("working_dir", exec.working_dir.string());
    return map;
}

YamlMap unix_map(const UnixProbe& probe)
{
    YamlMap map;
    map.text("path", probe.path.string());
    return map;
}

YamlMap probe_map(const Probe& probe)
{
    Differences rows{probe};
    std::visit(Overloaded{[&](const ExecProbe& exec) { rows.map.map("exec", exec_map(exec)); },
                          [&](const HttpProbe& http) { rows.map.map("http_get", http_map(http)); },
                          [&](const TcpProbe& tcp) { rows.map.map("tcp_connect", tcp_map(tcp)); },
                          [&](const UnixProbe& at) { rows.map.map("unix_connect", unix_map(at)); },
                          [&](const HubProbe&) { rows.map.empty_map("hub"); }},
               probe.action);
    rows.duration("initial_delay", &Probe::initial_delay);
    rows.duration("period", &Probe::period);
    rows.duration("timeout", &Probe::timeout);
    rows.count("success_threshold", &Probe::success_threshold);
    rows.count("failure_threshold", &Probe::failure_threshold);
    return std::move(rows.map);
}

YamlMap dependencies_map(const std::vector<Dependency>& dependencies)
{
    YamlMap map;
    for (const Dependency& dependency : dependencies) {
        YamlMap one;
        one.word("condition", word_of(dependency.condition));
        if (!dependency.object.empty()) one.text("object", dependency.object);
        map.map(dependency.process, std::move(one));
    }
    return map;
}

void put_command(YamlMap& map, const Command& command)
{
    std::visit(Overloaded{[&](const ShellCommand& shell) { map.text("command", shell.text); },
                          [&](const Entrypoint& entrypoint) { map.texts("entrypoint", entrypoint.argv); }},
               command);
}

void put_readiness(YamlMap& map, const Readiness& readiness)
{
    map.texts("objects", readiness.objects);
    if (readiness.notify) map.word("notify", "true");
    if (readiness.notification_fd) map.word("notification_fd", std::to_string(*readiness.notification_fd));
    if (!readiness.log_line.empty()) map.text("ready_log_line", readiness.log_line);
    if (readiness.probe) map.map("readiness_probe", probe_map(*readiness.probe));
    if (readiness.timeout != Millis{0}) map.word("start_timeout", duration_text(readiness.timeout));
}

YamlMap reload_map(const Reload& reload)
{
    YamlMap map;
    std::visit(Overloaded{[&](const ReloadSignal& by) { map.word("signal", signal_text(by.signal)); },
                          [&](const ReloadCommand& by) { map.text("command", by.command); }},
               reload);
    return map;
}

YamlMap rollout_map(const Rollout& rollout)
{
    Differences rows{rollout};
    rows.count("max_surge", &Rollout::max_surge);
    rows.count("max_unavailable", &Rollout::max_unavailable);
    return std::move(rows.map);
}

YamlMap recycle_map(const Recycle& recycle)
{
    Differences rows{recycle};
    rows.duration("age", &Recycle::age);
    rows.duration("spread", &Recycle::spread);
    rows.size("memory", &Recycle::memory);
    return std::move(rows.map);
}

void put_hook(YamlMap& map, std::string_view key, const std::optional<Hook>& hook)
{
    if (!hook) return;
    Differences rows{*hook};
    rows.text("command", &Hook::command);
    rows.duration("timeout", &Hook::timeout);
    map.map(key, std::move(rows.map));
}

YamlMap hooks_map(const Hooks& hooks)
{
    YamlMap map;
    put_hook(map, "before_start", hooks.before_start);
    put_hook(map, "after_start", hooks.after_start);
    put_hook(map, "before_stop", hooks.before_stop);
    put_hook(map, "after_stop", hooks.after_stop);
    return map;
}

YamlMap schedule_map(const Schedule& schedule)
{
    Differences rows{schedule};
    std::visit(Overloaded{[&](const Cron& cron) { rows.map.text("cron", cron.text); },
                          [&](const Interval& every) { rows.map.word("interval", duration_text(every.period)); }},
               schedule.when);
    rows.text("timezone", &Schedule::time_zone);
    rows.flag("run_on_start", &Schedule::run_on_start);
    rows.count("max_concurrent", &Schedule::max_concurrent);
    return std::move(rows.map);
}

YamlMap watch_map(const Watch& watch)
{
    Differences rows{watch};
    std::vector<YamlMap> paths;
    for (const WatchedPath& watched : watch.paths) {
        YamlMap map;
        map.text("path", watched.path.string());
        map.texts("include", watched.include);
        map.texts("exclude", watched.exclude);
        paths.push_back(std::move(map));
    }
    rows.map.maps("paths", std::move(paths));
    rows.duration("debounce", &Watch::debounce);
    rows.flag("cascade", &Watch::cascade);
    if (!watch.default_excludes) rows.map.word("disable_default_excludes", "true");
    return std::move(rows.map);
}

void put_rotation(YamlMap& map, const LogRotation& rotation)
{
    const LogRotation defaults;
    if (rotation.max_size != defaults.max_size) map.word("max_size", size_text(rotation.max_size));
    if (rotation.max_backups != defaults.max_backups) map.number("max_backups", rotation.max_backups);
    if (rotation.max_age != defaults.max_age) map.word("max_age", duration_text(rotation.max_age));
    if (rotation.interval != defaults.interval) map.word("rotate_every", duration_text(rotation.interval));
    if (rotation.compression != defaults.compression) map.word("compress", word_of(rotation.compression));
}

YamlMap logs_map(const LogSpec& logs)
{
    Differences rows{logs};
    std::visit(Overloaded{[](const LogsNowhere&) {},
                          [&](const LogsInDirectory& in) {
                              if (!in.directory.empty()) rows.map.text("directory", in.directory.string());
                              // Always, for it says by itself that there are to be files.
                              rows.map.word("separate", in.separate ? "true" : "false");
                          },
                          [&](const LogsInFile& in) { rows.map.text("file", in.file.string()); }},
               logs.target);
    // How files are written would say that there are to be some.
    if (!std::holds_alternative<LogsNowhere>(logs.target)) {
        put_rotation(rows.map, logs.rotation);
        rows.choice("format", &LogSpec::format);
    }
    if (logs.timestamps) rows.map.text("timestamps", *logs.timestamps);
    rows.flag("metadata", &LogSpec::metadata);
    rows.flag("console", &LogSpec::console);
    rows.count("tail_lines", &LogSpec::tail_lines);
    return std::move(rows.map);
}

/// Braces that nothing is to be put into: the text came from a variable, or from a file that has no templates.
bool has_literal_braces(const ProcessSpec& process, const YamlMap& map)
{
    return !process.per_replica && map.str().find("{{") != std::string::npos;
}

} // namespace

YamlList environment_list(const Environment& environment, EnvironmentValues values)
{
    YamlList list;
    for (const Variable& variable : environment) {
        const bool shown = values == EnvironmentValues::shown;
        list.emplace_back(YamlText{shown ? variable.name + '=' + variable.value : variable.name});
    }
    return list;
}

YamlMap process_map(const ProcessSpec& process, EnvironmentValues values)
{
    using P = ProcessSpec;
    Differences rows{process};
    rows.text("description", &P::description);
    put_command(rows.map, process.command);
    rows.map.text("working_dir", process.working_dir.string());
    rows.map.list("environment", environment_list(process.environment, values));
    rows.count("replicas", &P::replicas);
    rows.map.texts("namespace", process.namespaces);
    rows.flag("disabled", &P::disabled);
    rows.map.map("depends_on", dependencies_map(process.depends_on));
    rows.map.map("availability", availability_map(process.availability));
    YamlList codes;
    for (const int code : process.success_exit_codes) codes.emplace_back(YamlWord{std::to_string(code)});
    rows.map.list("success_exit_codes", std::move(codes));
    put_readiness(rows.map, process.readiness);
    if (process.liveness) rows.map.map("liveness_probe", probe_map(*process.liveness));
    rows.duration("watchdog", &P::watchdog);
    rows.map.map("shutdown", shutdown_map(process.shutdown));
    if (process.reload) rows.map.map("reload", reload_map(*process.reload));
    rows.map.map("rollout", rollout_map(process.rollout));
    rows.map.map("recycle", recycle_map(process.recycle));
    rows.map.map("hooks", hooks_map(process.hooks));
    if (process.schedule) rows.map.map("schedule", schedule_map(*process.schedule));
    if (process.watch) rows.map.map("watch", watch_map(*process.watch));
    rows.map.texts("sockets", process.sockets);
    rows.flag("on_demand", &P::on_demand);
    rows.flag("is_daemon", &P::is_daemon);
    rows.duration("launch_timeout", &P::launch_timeout);
    rows.flag("is_tty", &P::tty);
    rows.map.map("limits", limits_map(process.limits));
    put_isolation(rows.map, process.isolation);
    rows.map.map("logs", logs_map(process.logs));
    if (has_literal_braces(process, rows.map)) rows.map.word("is_template_disabled", "true");
    return std::move(rows.map);
}

} // namespace pandora::procfiles
