#include "supervisor/cli/hub_target.hpp"

#include "supervisor/cli/hub_fields.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace pandora::supervisor::cli {

namespace {

bool is_of(const Json& told, const WhichProcess& instance)
{
    return instance_field(told) == instance.process + "/" + instance.instance;
}

} // namespace

std::optional<hub::client::Selector> connection_of(const Json& routes, const WhichProcess& instance,
                                                   const std::string& object)
{
    if (!routes.is_array()) return std::nullopt;
    for (const Json& route : routes) {
        if (!is_of(route, instance)) continue;
        for (const Json& published : array_field(route, "selectors")) {
            hub::client::Selector selector{text_field(published, "objectName")};
            selector.client_id = text_field(published, "clientId");
            if (selector.client_id.empty()) selector.pid = text_field(published, "pid");
            if (selector.object == object && !(selector.client_id.empty() && selector.pid.empty())) return selector;
        }
    }
    return std::nullopt;
}

bool is_expected(const Json& list, const WhichProcess& instance, bool was_away)
{
    if (!list.is_array()) return false;
    const auto view = std::ranges::find_if(list, [&](const Json& each) { return is_of(each, instance); });
    if (view == list.end()) return false;
    const auto state = text_field(*view, "state");
    // `stopping` may come before either: it soon is another state.
    constexpr std::array<std::string_view, 4> on_the_way{"pending", "starting", "backoff", "stopping"};
    return std::ranges::find(on_the_way, state) != on_the_way.end() || (was_away && state == "ready");
}

} // namespace pandora::supervisor::cli
