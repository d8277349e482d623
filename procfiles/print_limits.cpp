#include "procfiles/print_limits.hpp"

#include "procfiles/print_values.hpp"

#include <sys/resource.h>
#include <utility>

namespace pandora::procfiles {

namespace {

/// As the schema names it: getrlimit(2)'s constant without RLIMIT_, in lower case; empty for none that it knows.
std::string_view resource_name(int resource)
{
    switch (resource) {
    case RLIMIT_AS: return "as";
    case RLIMIT_CORE: return "core";
    case RLIMIT_CPU: return "cpu_time";
    case RLIMIT_DATA: return "data";
    case RLIMIT_FSIZE: return "fsize";
    case RLIMIT_LOCKS: return "locks";
    case RLIMIT_MEMLOCK: return "memlock";
    case RLIMIT_MSGQUEUE: return "msgqueue";
    case RLIMIT_NICE: return "rlimit_nice";
    case RLIMIT_NOFILE: return "nofile";
    case RLIMIT_NPROC: return "nproc";
    case RLIMIT_RSS: return "rss";
    case RLIMIT_RTPRIO: return "rtprio";
    case RLIMIT_RTTIME: return "rttime";
    case RLIMIT_SIGPENDING: return "sigpending";
    case RLIMIT_STACK: return "stack";
    default: return {};
    }
}

std::string bound_text(const std::optional<std::uint64_t>& bound)
{
    return bound ? std::to_string(*bound) : "unlimited";
}

std::string io_priority_text(const IoPriority& priority)
{
    const std::string kind = word_of(priority.kind);
    return priority.kind == IoPriority::Class::idle ? kind : kind + ':' + std::to_string(priority.level);
}

} // namespace

YamlMap limits_map(const Limits& limits)
{
    YamlMap map;
    for (const ResourceLimit& limit : limits.resources)
        map.text(resource_name(limit.resource), bound_text(limit.soft) + ':' + bound_text(limit.hard));
    if (limits.memory) map.word("memory", size_text(*limits.memory));
    if (limits.cpu) map.word("cpu", number_text(*limits.cpu));
    if (limits.pids) map.number("pids", *limits.pids);
    if (limits.nice) map.word("nice", std::to_string(*limits.nice));
    if (limits.io_priority) map.text("ioprio", io_priority_text(*limits.io_priority));
    if (limits.oom_score_adj) map.word("oom_score_adj", std::to_string(*limits.oom_score_adj));
    YamlList cpus;
    for (const unsigned cpu : limits.cpu_affinity) cpus.emplace_back(YamlWord{std::to_string(cpu)});
    map.list("cpu_affinity", std::move(cpus));
    return map;
}

void put_isolation(YamlMap& map, const Isolation& isolation)
{
    const auto put_list = [&](std::string_view key, const std::optional<std::vector<std::string>>& items) {
        if (items && items->empty()) map.empty_list(key);
        if (items) map.texts(key, *items);
    };
    if (!isolation.user.empty()) map.text("user", isolation.user);
    if (!isolation.group.empty()) map.text("group", isolation.group);
    put_list("groups", isolation.groups);
    if (isolation.umask) map.text("umask", octal_text(*isolation.umask));
    if (isolation.no_new_privileges) map.word("no_new_privileges", "true");
    put_list("capabilities", isolation.capabilities);
}

} // namespace pandora::procfiles
