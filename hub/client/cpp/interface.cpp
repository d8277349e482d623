#include "hub/client/cpp/interface.hpp"

namespace pandora::hub::client {

namespace {

const char* type_of(const Outcome& value)
{
    const auto* json = std::get_if<Json>(&value);
    if (!json || value.is_absent()) return "undefined";
    if (json->is_boolean()) return "boolean";
    if (json->is_number()) return "number";
    return json->is_string() ? "string" : "object"; // null is one, too
}

} // namespace

Json introspection(const std::vector<std::string>& methods, const std::vector<PropertyRead>& properties)
{
    Json result{{"properties", Json::array()}, {"methods", Json::array()}};
    for (const auto& [name, value] : properties)
        result["properties"].push_back(Json{{"name", name}, {"type", type_of(value)}});
    for (const auto& name : methods) // each takes one array, however long
        result["methods"].push_back(Json{{"name", name}, {"length", 0}, {"type", "function"}});
    return result;
}

} // namespace pandora::hub::client
