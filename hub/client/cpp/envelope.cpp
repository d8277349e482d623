#include "hub/client/cpp/envelope.hpp"

#include "hub/client/cpp/json_text.hpp"

#include <charconv>
#include <utility>

namespace pandora::hub::client::envelope {

namespace {

constexpr std::string_view answer_prefix = "response_callback_";
constexpr std::string_view no_route_prefix = "Cannot found any clients by selector";

CallError read_error(const Json* error)
{
    if (!error) return {"Error", "the call failed, and the answer does not say why"};
    if (!error->is_object()) return {"Error", error->is_string() ? error->get<std::string>() : json_text(*error)};
    CallError result{string_member(*error, "name"), string_member(*error, "message")};
    if (result.name.empty()) result.name = result.message.starts_with(no_route_prefix) ? "no_route" : "Error";
    return result;
}

} // namespace

std::string text(std::string_view action, const Json& data)
{
    std::string body = "{\"action\":\"";
    body.append(action).append("\",\"data\":");
    append_json(body, data);
    body += '}';
    return body;
}

std::string answer_action(std::uint32_t id) { return std::string{answer_prefix} + std::to_string(id); }

std::optional<std::uint32_t> answered_id(std::string_view action)
{
    if (!action.starts_with(answer_prefix)) return std::nullopt;
    action.remove_prefix(answer_prefix.size());
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(action.data(), action.data() + action.size(), id);
    if (error != std::errc{} || end != action.data() + action.size()) return std::nullopt;
    return id;
}

void finish(Json& data, const Json& host)
{
    data["host"] = host;
    data["needReply"] = true;
}

Outcome read_outcome(Json package)
{
    const Json* error = member(package, "error");
    const Json* success = member(package, "success");
    const bool refused = success && !truthy(success);
    if (!package.is_object() || refused || truthy(error)) return read_error(error);
    const auto data = package.find("data");
    return data == package.end() ? Outcome::absent() : Outcome{std::move(*data)};
}

Json success_package(const Json& host, const Json& caller, std::optional<Json> result)
{
    Json package = Json::object();
    package["host"] = host;
    package["remote"] = caller;
    package["success"] = true;
    if (result) package["data"] = std::move(*result);
    return package;
}

Json error_package(const Json& host, const Json& caller, const CallError& error)
{
    Json package = Json::object();
    package["host"] = host;
    package["remote"] = caller;
    package["success"] = false;
    package["error"] =
        Json{{"stack", error.name + ": " + error.message}, {"message", error.message}, {"name", error.name}};
    return package;
}

const Json* member(const Json& value, const char* key)
{
    if (!value.is_object()) return nullptr;
    const auto found = value.find(key);
    return found == value.end() ? nullptr : &*found;
}

std::string string_member(const Json& value, const char* key)
{
    const Json* found = member(value, key);
    return found && found->is_string() ? found->get<std::string>() : std::string{};
}

bool truthy(const Json* value)
{
    if (!value || value->is_null()) return false;
    if (value->is_boolean()) return value->get<bool>();
    if (value->is_number()) return value->get<double>() != 0;
    if (value->is_string()) return !value->get_ref<const std::string&>().empty();
    return true;
}

} // namespace pandora::hub::client::envelope
