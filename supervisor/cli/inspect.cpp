#include "supervisor/cli/inspect.hpp"

#include "supervisor/cli/hub_fields.hpp"
#include "supervisor/cli/output.hpp"
#include "supervisor/cli/remote.hpp"
#include "supervisor/cli/table.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <stdexcept>

namespace pandora::supervisor::cli {

namespace {

using control::InstanceView;

constexpr std::chrono::milliseconds follow_pause{250};
constexpr std::size_t followed_at_once = 10'000; // lines; what the supervisor gives at most

double unix_now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

/// Its time of the CPU over its life, as ps(1) has it.
std::string cpu_text(const InstanceView& view, double now)
{
    if (!view.usage || !view.start_time || now <= *view.start_time) return "";
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f%%", 100 * view.usage->cpu_seconds / (now - *view.start_time));
    return text.data();
}

/// Why it is as it is: "exit 3; starts in 2s", "waiting for db", "objects 0 of 1; loading".
std::string reason(const InstanceView& view, double now)
{
    std::vector<std::string> parts;
    if (!view.up && !view.cause.starts_with(view.last_end)) parts.push_back(view.last_end);
    for (const auto& part : {view.cause, view.health, view.status}) parts.push_back(part);
    if (view.next_start && *view.next_start > now)
        parts.push_back("starts in " + duration_text(*view.next_start - now));
    for (const auto& limit : view.not_applied) parts.push_back("without " + limit);
    std::string text;
    for (const auto& part : parts)
        if (!part.empty()) text += (text.empty() ? "" : "; ") + part;
    return text;
}

Row row_of(const InstanceView& view, double now)
{
    const bool timed = view.up && view.start_time;
    return {view.process,
            std::to_string(view.instance),
            view.state,
            view.pid ? std::to_string(*view.pid) : "",
            timed ? duration_text(now - *view.start_time) : "",
            std::to_string(view.restarts),
            view.up ? cpu_text(view, now) : "",
            view.usage ? bytes_text(view.usage->resident_bytes) : "",
            reason(view, now)};
}

std::string changes_text(const std::vector<control::StateChange>& changes)
{
    std::vector<Row> rows;
    for (const auto& change : changes)
        rows.push_back({time_text(change.at), instance_text(change.process, change.instance),
                        change.from + " -> " + change.to, change.reason});
    return table(rows);
}

/// Of `web` all, of `web/1` that one.
bool is_named(const InstanceView& view, const std::vector<std::string>& names)
{
    return names.empty() || std::ranges::any_of(names, [&](const std::string& name) {
               return name == view.process || name == instance_text(view.process, view.instance);
           });
}

/// Of a process that is silent.
void tell_of_silence(const std::vector<InstanceView>& instances, const std::string& target)
{
    for (const auto& view : instances)
        if (is_named(view, {target})) std::cerr << "pandora: " << printable(silence_text(view, unix_now())) << '\n';
}

std::vector<std::uint32_t> instances_of(Remote& remote, const std::string& target)
{
    std::vector<std::uint32_t> found;
    for (const auto& view : remote.list())
        if (is_named(view, {target})) found.push_back(view.instance);
    return found;
}

Json summary(const RunningApp& app)
{
    Json found{{"app", app.name}, {"pid", app.pid}, {"directory", app.directory.string()}};
    try {
        auto instances = Remote{app.socket}.list();
        std::erase_if(instances, &InstanceView::builtin);
        found["instances"] = instances.size();
        found["up"] = std::ranges::count_if(instances, &InstanceView::up);
    } catch (const std::exception& error) {
        found["error"] = error.what();
    }
    return found;
}

} // namespace

std::string ps_table(const std::vector<InstanceView>& instances, double now)
{
    std::vector<Row> rows{{"PROCESS", "INSTANCE", "STATE", "PID", "UPTIME", "RESTARTS", "CPU", "MEMORY", "REASON"}};
    for (const auto& view : instances) rows.push_back(row_of(view, now));
    return table(rows);
}

std::string description_text(const control::Description& description, double now)
{
    std::string text = ps_table(description.instances, now);
    if (!description.transitions.empty()) text += "\nlast changes:\n" + changes_text(description.transitions);
    if (!description.spec.empty()) text += "\nprocfile:\n" + description.spec;
    return text;
}

std::string log_line(const std::string& process, const control::TailLine& line, bool named)
{
    return (named ? instance_text(process, line.instance) + " | " : "") + line.text + "\n";
}

std::string silence_text(const InstanceView& view, double now)
{
    const auto why = reason(view, now);
    return instance_text(view.process, view.instance) + " has written nothing that is kept; it is " + view.state +
           (why.empty() ? "" : ": " + why);
}

int ps(const Where& where, const std::vector<std::string>& processes, bool json)
{
    auto instances = Remote{find_socket(where)}.list();
    for (const auto& name : processes)
        if (std::ranges::none_of(instances, [&](const auto& view) { return is_named(view, {name}); }))
            throw std::runtime_error{"no process or instance `" + name + "`"};
    std::erase_if(instances, [&](const auto& view) { return !is_named(view, processes); });
    print(json ? json_text(Json(instances)) + "\n" : ps_table(instances, unix_now()));
    return 0;
}

int describe(const Where& where, const std::string& target, bool json)
{
    const auto answer = Remote{find_socket(where)}.ask("describe", Json::array({target}));
    print(json ? json_text(answer) + "\n" : description_text(answer.get<control::Description>(), unix_now()));
    return 0;
}

int logs(const Where& where, const LogsOptions& options)
{
    Remote remote{find_socket(where)};
    const auto process = options.target.substr(0, options.target.find('/'));
    const bool named = process == options.target && instances_of(remote, options.target).size() > 1;
    std::map<std::uint32_t, std::uint64_t> seen; // of each instance the last sequence number
    const auto show = [&](const Json& lines) {
        for (const auto& line : lines.get<std::vector<control::TailLine>>()) {
            print(log_line(process, line, named));
            seen[line.instance] = line.sequence;
        }
    };
    show(remote.ask("tail", Json::array({options.target, options.lines})));
    if (seen.empty() && options.lines > 0 && !options.follow) tell_of_silence(remote.list(), options.target);
    while (options.follow) {
        remote.await_change(follow_pause);
        for (const auto instance : instances_of(remote, options.target))
            show(remote.ask("tail", Json::array({instance_text(process, instance), followed_at_once, seen[instance]})));
    }
    return 0;
}

int list_apps(const Where& where, bool json)
{
    Json apps = Json::array();
    for (const auto& app : running_apps(where.runtime_root)) apps.push_back(summary(app));
    if (json) {
        print(json_text(apps) + "\n");
        return 0;
    }
    std::vector<Row> rows{{"APP", "PID", "UP", "RUN DIRECTORY"}};
    for (const auto& app : apps)
        rows.push_back({app.at("app").get<std::string>(), app.at("pid").dump(),
                        app.contains("up") ? app.at("up").dump() + "/" + app.at("instances").dump() : "",
                        app.at("directory").get<std::string>()});
    print(table(rows));
    return 0;
}

} // namespace pandora::supervisor::cli
