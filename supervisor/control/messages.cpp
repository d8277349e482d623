#include "supervisor/control/messages.hpp"

namespace pandora::supervisor::control {

namespace {

template <class T>
Json or_null(const std::optional<T>& value)
{
    return value ? Json(*value) : Json(nullptr);
}

template <class T>
std::optional<T> optional_at(const Json& json, const char* key)
{
    const auto& value = json.at(key);
    return value.is_null() ? std::nullopt : std::optional<T>{value.get<T>()};
}

} // namespace

static void to_json(Json& json, const Usage& usage)
{
    json = {{"cpu_seconds", usage.cpu_seconds},
            {"resident_bytes", usage.resident_bytes},
            {"open_fds", or_null(usage.open_fds)},
            {"threads", usage.threads}};
}

static void from_json(const Json& json, Usage& usage)
{
    json.at("cpu_seconds").get_to(usage.cpu_seconds);
    json.at("resident_bytes").get_to(usage.resident_bytes);
    usage.open_fds = optional_at<std::uint64_t>(json, "open_fds");
    json.at("threads").get_to(usage.threads);
}

void to_json(Json& json, const InstanceView& view)
{
    Json usage = nullptr;
    if (view.usage) to_json(usage, *view.usage);
    json = {{"process", view.process},
            {"instance", view.instance},
            {"builtin", view.builtin},
            {"state", view.state},
            {"up", view.up},
            {"restarts", view.restarts},
            {"pid", or_null(view.pid)},
            {"start_time", or_null(view.start_time)},
            {"last_end", view.last_end},
            {"cause", view.cause},
            {"health", view.health},
            {"status", view.status},
            {"next_start", or_null(view.next_start)},
            {"not_applied", view.not_applied},
            {"rolling", view.rolling},
            {"runs", view.runs},
            {"usage", std::move(usage)}};
}

void from_json(const Json& json, InstanceView& view)
{
    json.at("process").get_to(view.process);
    json.at("instance").get_to(view.instance);
    json.at("builtin").get_to(view.builtin);
    json.at("state").get_to(view.state);
    json.at("up").get_to(view.up);
    json.at("restarts").get_to(view.restarts);
    json.at("last_end").get_to(view.last_end);
    json.at("cause").get_to(view.cause);
    json.at("health").get_to(view.health);
    json.at("status").get_to(view.status);
    json.at("not_applied").get_to(view.not_applied);
    json.at("rolling").get_to(view.rolling);
    json.at("runs").get_to(view.runs);
    view.pid = optional_at<int>(json, "pid");
    view.start_time = optional_at<double>(json, "start_time");
    view.next_start = optional_at<double>(json, "next_start");
    view.usage.reset();
    if (const auto& usage = json.at("usage"); !usage.is_null()) from_json(usage, view.usage.emplace());
}

void to_json(Json& json, const Whose& whose)
{
    json = {{"app", whose.app}, {"process", whose.process}, {"instance", whose.instance}};
}

void from_json(const Json& json, Whose& whose)
{
    json.at("app").get_to(whose.app);
    json.at("process").get_to(whose.process);
    json.at("instance").get_to(whose.instance);
}

void to_json(Json& json, const StateChange& change)
{
    json = {{"process", change.process}, {"instance", change.instance}, {"from", change.from}, {"to", change.to},
            {"at", change.at},           {"reason", change.reason}};
}

void from_json(const Json& json, StateChange& change)
{
    json.at("process").get_to(change.process);
    json.at("instance").get_to(change.instance);
    json.at("from").get_to(change.from);
    json.at("to").get_to(change.to);
    json.at("at").get_to(change.at);
    json.at("reason").get_to(change.reason);
}

void to_json(Json& json, const Accepted& accepted)
{
    Json instances = Json::array();
    for (const auto& [process, instance, runs] : accepted.instances)
        instances.push_back({{"process", process}, {"instance", instance}, {"runs", runs}});
    json = {{"instances", std::move(instances)}};
}

void from_json(const Json& json, Accepted& accepted)
{
    accepted.instances.clear();
    for (const auto& before : json.at("instances"))
        accepted.instances.push_back({before.at("process").get<std::string>(),
                                      before.at("instance").get<std::uint32_t>(),
                                      before.at("runs").get<std::uint64_t>()});
}

void to_json(Json& json, const Description& description)
{
    json = {{"process", description.process},
            {"spec", description.spec},
            {"instances", description.instances},
            {"transitions", description.transitions}};
}

void from_json(const Json& json, Description& description)
{
    json.at("process").get_to(description.process);
    json.at("spec").get_to(description.spec);
    json.at("instances").get_to(description.instances);
    json.at("transitions").get_to(description.transitions);
}

void to_json(Json& json, const TailLine& line)
{
    json = {{"sequence", line.sequence},
            {"instance", line.instance},
            {"at", line.at},
            {"error", line.error},
            {"text", line.text}};
}

void from_json(const Json& json, TailLine& line)
{
    json.at("sequence").get_to(line.sequence);
    json.at("instance").get_to(line.instance);
    json.at("at").get_to(line.at);
    json.at("error").get_to(line.error);
    json.at("text").get_to(line.text);
}

} // namespace pandora::supervisor::control
