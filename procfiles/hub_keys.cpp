// `hub`: what the message hub allows, and to whom.
#include "procfiles/keys.hpp"
#include "procfiles/values.hpp"

#include <array>

namespace pandora::procfiles {

namespace {

void read_frame_bytes(Reader& reader, const Node& node, std::uint32_t& into)
{
    const auto parse = [](std::string_view text) {
        const auto bytes = parse_size(text);
        return bytes && *bytes >= frame_bytes_lowest && *bytes <= frame_bytes_highest ? bytes : std::nullopt;
    };
    reader.scalar(node, "a size from 1KiB to 16MiB", parse, into);
}

constexpr std::array verbs{
    Word<PolicyVerb>{"call", PolicyVerb::call},
    Word<PolicyVerb>{"publish", PolicyVerb::publish},
    Word<PolicyVerb>{"subscribe", PolicyVerb::subscribe},
    Word<PolicyVerb>{"any", PolicyVerb::any},
};

template <bool allow>
void read_ruling(Reader& reader, const Node& node, PolicyRule& into)
{
    into.allow = allow;
    read_word<verbs>(reader, node, into.verb);
}

/// Patterns of names, or names of users: one, or a list.
void read_patterns(Reader& reader, const Node& node, std::vector<std::string>& into)
{
    read_texts(reader, node, into);
    if (into.size() > policy_patterns_max)
        reader.problem(node.place, "a rule lists at most " + std::to_string(policy_patterns_max) + " of a kind");
    for (const std::string& pattern : into)
        if (pattern.size() > policy_pattern_bytes_max)
            reader.problem(node.place, "a pattern has at most " + std::to_string(policy_pattern_bytes_max) +
                                           " bytes: " + quote(pattern));
}

constexpr std::array rule_keys{
    Key<PolicyRule>{"allow", read_ruling<true>},
    Key<PolicyRule>{"deny", read_ruling<false>},
    Key<PolicyRule>{"object", field<&PolicyRule::objects, read_patterns>},
    Key<PolicyRule>{"method", field<&PolicyRule::names, read_patterns>},
    Key<PolicyRule>{"event", field<&PolicyRule::names, read_patterns>, "method"},
    Key<PolicyRule>{"process", field<&PolicyRule::processes, read_patterns>},
    Key<PolicyRule>{"user", field<&PolicyRule::users, read_patterns>},
};

constexpr std::array rule_hints{
    Hint{"property", "method"}, Hint{"name", "method"}, Hint{"uid", "user"},       Hint{"users", "user"},
    Hint{"from", "process"},    Hint{"to", "object"},   Hint{"topic", "event"},    Hint{"permit", "allow"},
    Hint{"forbid", "deny"},     Hint{"reject", "deny"}, Hint{"service", "object"}, Hint{"interface", "object"},
};

void read_rule(Reader& reader, const Node& node, std::vector<PolicyRule>& into)
{
    PolicyRule rule{.place = node.place};
    const Given given = read_keys(reader, node, rule_keys, rule, rule_hints);
    if (!std::holds_alternative<Map>(node.content)) return;
    const auto allow = given.find("allow"), deny = given.find("deny");
    if (allow && deny)
        reader.problem(node.place, "a rule allows or denies: one of `allow` and `deny`, not both");
    else if (!allow && !deny)
        reader.problem(node.place, "a rule needs `allow` or `deny`: " + listed(verbs));
    into.push_back(std::move(rule));
}

void read_policy(Reader& reader, const Node& node, std::vector<PolicyRule>& into)
{
    const List* list = reader.list(node, "a list of rules");
    if (list == nullptr) return;
    if (list->items.size() > policy_rules_max)
        return reader.problem(node.place, "a policy has at most " + std::to_string(policy_rules_max) + " rules");
    for (const Node* item : list->items) read_rule(reader, *item, into);
}

constexpr std::array hub_keys{
    Key<HubSpec>{"max_frame", field<&HubSpec::frame_bytes_max, read_frame_bytes>},
    Key<HubSpec>{"call_timeout", field<&HubSpec::call_timeout, read_positive_duration>},
    Key<HubSpec>{"unresponsive_after", field<&HubSpec::unresponsive_after, read_positive_duration>},
    Key<HubSpec>{"user", field<&HubSpec::user, read_nonempty_text>},
    Key<HubSpec>{"allow_uids", field<&HubSpec::allow_uids, read_texts>},
    Key<HubSpec>{"strict", field<&HubSpec::strict, read_switch>},
    Key<HubSpec>{"persist_config", field<&HubSpec::persist_config, read_switch>},
    Key<HubSpec>{"policy", field<&HubSpec::policy, read_policy>},
};

constexpr std::array hub_hints{
    Hint{"timeout", "call_timeout"}, Hint{"max_message", "max_frame"},  Hint{"uids", "allow_uids"},
    Hint{"users", "allow_uids"},     Hint{"allow_users", "allow_uids"}, Hint{"rules", "policy"},
    Hint{"acl", "policy"},
};

} // namespace

void read_hub(Reader& reader, const Node& node, HubSpec& into) { read_keys(reader, node, hub_keys, into, hub_hints); }

void append_hub_keys(std::vector<std::string>& into)
{
    append_keys("hub.", hub_keys, into);
    append_keys("hub.policy.*.", rule_keys, into);
}

} // namespace pandora::procfiles
