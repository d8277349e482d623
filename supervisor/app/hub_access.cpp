#include "supervisor/app/hub_access.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace pandora::supervisor::app {

namespace {

// What Linux shows where it has no number for a user (user_namespaces(7), /proc/sys/kernel/overflowuid), and what
// `nobody` is nearly everywhere: a container without a user database must not run its hub as root.
constexpr uid_t overflow_id = 65534;

os::Account account_of(const std::string& user, const std::string& key, const FindAccount& find)
{
    if (auto account = find(user)) return *account;
    if (user == "nobody") return {.uid = overflow_id, .gid = overflow_id, .name = user, .home = {}};
    throw std::runtime_error{key + ": user `" + user + "` does not exist"};
}

control::PolicyVerb translated(procfiles::PolicyVerb verb)
{
    switch (verb) {
    case procfiles::PolicyVerb::any: return control::PolicyVerb::any;
    case procfiles::PolicyVerb::call: return control::PolicyVerb::call;
    case procfiles::PolicyVerb::publish: return control::PolicyVerb::publish;
    case procfiles::PolicyVerb::subscribe: return control::PolicyVerb::subscribe;
    }
    return control::PolicyVerb::any;
}

control::PolicyRule resolved(const procfiles::PolicyRule& rule, const FindAccount& find)
{
    control::PolicyRule known{.allow = rule.allow,
                              .verb = translated(rule.verb),
                              .processes = rule.processes,
                              .users = {},
                              .objects = rule.objects,
                              .names = rule.names};
    for (const auto& user : rule.users) known.users.push_back(account_of(user, "hub.policy", find).uid);
    return known;
}

} // namespace

HubAccess hub_access(const procfiles::HubSpec& hub, const std::vector<uid_t>& workers, bool is_root,
                     const FindAccount& find)
{
    HubAccess access;
    if (is_root) {
        const auto account = account_of(hub.user, "hub.user", find);
        if (account.uid == 0)
            throw std::runtime_error{"hub.user: `" + hub.user +
                                     "` is root; the hub reads what strangers send, and "
                                     "never runs as root"};
        access.run_as = os::RunAs{account.uid, account.gid, {}};
    }
    access.admitted = workers;
    for (const auto& user : hub.allow_uids) {
        const auto uid = account_of(user, "hub.allow_uids", find).uid;
        if (std::ranges::find(access.admitted, uid) == access.admitted.end()) access.admitted.push_back(uid);
    }
    for (const auto& rule : hub.policy) access.policy.push_back(resolved(rule, find));
    return access;
}

} // namespace pandora::supervisor::app
