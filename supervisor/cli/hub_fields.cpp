#include "supervisor/cli/hub_fields.hpp"

namespace pandora::supervisor::cli {

const Json* field(const Json& value, const char* key)
{
    const auto found = value.is_object() ? value.find(key) : value.end();
    return found == value.end() ? nullptr : &*found;
}

const Json& array_field(const Json& value, const char* key)
{
    static const Json none = Json::array();
    const Json* found = field(value, key);
    return found && found->is_array() ? *found : none;
}

std::string text_field(const Json& value, const char* key)
{
    const Json* found = field(value, key);
    return found && found->is_string() ? found->get<std::string>() : std::string{};
}

std::optional<double> number_field(const Json& value, const char* key)
{
    const Json* found = field(value, key);
    return found && found->is_number() ? std::optional{found->get<double>()} : std::nullopt;
}

std::string count_field(const Json& value, const char* key)
{
    const Json* found = field(value, key);
    return found && found->is_number_integer() ? found->dump() : std::string{};
}

bool flag_field(const Json& value, const char* key)
{
    const Json* found = field(value, key);
    return found && found->is_boolean() && found->get<bool>();
}

std::string instance_field(const Json& who)
{
    const auto process = text_field(who, "process");
    const auto instance = count_field(who, "instance");
    return process.empty() || instance.empty() ? process : process + "/" + instance;
}

std::string who_field(const Json& who)
{
    const auto instance = instance_field(who);
    return instance.empty() ? text_field(who, "client") : instance;
}

} // namespace pandora::supervisor::cli
