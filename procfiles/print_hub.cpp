#include "procfiles/print_hub.hpp"

#include "procfiles/print_values.hpp"

#include <utility>
#include <vector>

namespace pandora::procfiles {

namespace {

YamlMap rule_map(const PolicyRule& rule)
{
    YamlMap map;
    map.word(rule.allow ? "allow" : "deny", word_of(rule.verb));
    map.texts("object", rule.objects);
    map.texts("method", rule.names);
    map.texts("process", rule.processes);
    map.texts("user", rule.users);
    return map;
}

} // namespace

YamlMap hub_map(const HubSpec& hub)
{
    const HubSpec defaults;
    YamlMap map;
    if (hub.frame_bytes_max != defaults.frame_bytes_max) map.word("max_frame", size_text(hub.frame_bytes_max));
    if (hub.call_timeout != defaults.call_timeout) map.word("call_timeout", duration_text(hub.call_timeout));
    if (hub.unresponsive_after != defaults.unresponsive_after)
        map.word("unresponsive_after", duration_text(hub.unresponsive_after));
    if (hub.user != defaults.user) map.text("user", hub.user);
    map.texts("allow_uids", hub.allow_uids);
    if (hub.strict) map.word("strict", "true");
    if (hub.persist_config) map.word("persist_config", "true");
    std::vector<YamlMap> rules;
    for (const PolicyRule& rule : hub.policy) rules.push_back(rule_map(rule));
    map.maps("policy", std::move(rules));
    return map;
}

} // namespace pandora::procfiles
