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
    view.pid = optional_at<int>(json, "pid");
    view.start_time = optional_at<double>(json, "start_time");
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

} // namespace pandora::supervisor::control
