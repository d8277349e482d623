#include "supervisor/cli/hub_target.hpp"

#include "supervisor/cli/hub_fields.hpp"

namespace pandora::supervisor::cli {

std::optional<hub::client::Selector> connection_of(const Json& routes, const WhichProcess& instance,
                                                   const std::string& object)
{
    if (!routes.is_array()) return std::nullopt;
    for (const Json& route : routes) {
        if (instance_field(route) != instance.process + "/" + instance.instance) continue;
        for (const Json& published : array_field(route, "selectors")) {
            hub::client::Selector selector{text_field(published, "objectName")};
            selector.client_id = text_field(published, "clientId");
            if (selector.client_id.empty()) selector.pid = text_field(published, "pid");
            if (selector.object == object && !(selector.client_id.empty() && selector.pid.empty())) return selector;
        }
    }
    return std::nullopt;
}

} // namespace pandora::supervisor::cli
