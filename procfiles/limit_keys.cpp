// `limits` and `capabilities`: what a process may use and may do.
#include "procfiles/keys.hpp"
#include "procfiles/values.hpp"

#include <array>
#include <sys/resource.h>

namespace pandora::procfiles {

namespace {

/// CPU numbers that sched_setaffinity(2) can be given with a set of fixed size.
constexpr unsigned cpus_max = 1024;

/// One side of a limit; the outer optional is empty for what is no limit.
using Bound = std::optional<std::uint64_t>;

std::optional<Bound> parse_bound(std::string_view text)
{
    const std::string word = lowered(text);
    if (word == "unlimited" || word == "infinity") return Bound{};
    const auto size = parse_size(text);
    if (!size) return std::nullopt;
    return Bound{size};
}

struct Bounds {
    Bound soft;
    Bound hard;
};

std::optional<Bounds> parse_bounds(std::string_view text)
{
    const std::size_t colon = text.find(':');
    const auto soft = parse_bound(text.substr(0, colon));
    const auto hard = colon == std::string_view::npos ? soft : parse_bound(text.substr(colon + 1));
    if (!soft || !hard) return std::nullopt;
    return Bounds{*soft, *hard};
}

template <int resource>
void read_resource(Reader& reader, const Node& node, Limits& into)
{
    std::optional<Bounds> bounds;
    reader.scalar(node, "a limit such as 4096, `64MiB`, `1024:4096` (soft and hard) or `unlimited`", parse_bounds,
                  bounds);
    if (bounds) into.resources.push_back({resource, bounds->soft, bounds->hard});
}

void read_cpu(Reader& reader, const Node& node, double& into)
{
    const auto parse = [](std::string_view text) {
        const auto cpus = parse_number(text);
        return cpus && *cpus >= 0.01 && *cpus <= cpus_max ? cpus : std::nullopt; // the kernel's least is 1 ms of 100
    };
    reader.scalar(node, "a number of CPUs such as 1.5, from 0.01 to 1024", parse, into);
}

void read_task_count(Reader& reader, const Node& node, std::uint64_t& into)
{
    const auto parse = [](std::string_view text) {
        const auto count = parse_count(text);
        return count && *count > 0 ? count : std::nullopt;
    };
    reader.scalar(node, "a number of processes above 0", parse, into);
}

/// `idle`, `best_effort`, `best_effort:0`, `realtime:7`.
std::optional<IoPriority> parse_io_priority(std::string_view text)
{
    using Class = IoPriority::Class;
    static constexpr std::array classes{
        Word<Class>{"idle", Class::idle}, Word<Class>{"best_effort", Class::best_effort},
        Word<Class>{"best-effort", Class::best_effort}, Word<Class>{"realtime", Class::realtime}};
    const std::size_t colon = text.find(':');
    IoPriority priority;
    const auto* found = std::find_if(classes.begin(), classes.end(),
                                     [&](const auto& known) { return known.name == text.substr(0, colon); });
    if (found == classes.end()) return std::nullopt;
    priority.kind = found->value;
    if (colon == std::string_view::npos) return priority;
    const auto level = parse_count(text.substr(colon + 1));
    if (!level || *level > 7 || priority.kind == Class::idle) return std::nullopt;
    priority.level = static_cast<unsigned>(*level);
    return priority;
}

void read_io_priority(Reader& reader, const Node& node, IoPriority& into)
{
    reader.scalar(node,
                  "`idle`, `best_effort` or `realtime`, the latter two perhaps with a level as in `best_effort:7`",
                  parse_io_priority, into);
}

/// `3` or `0-3`.
std::optional<std::pair<unsigned, unsigned>> parse_cpus(std::string_view text)
{
    const std::size_t dash = text.find('-');
    const auto first = parse_count(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_count(text.substr(dash + 1));
    if (!first || !last || *first > *last || *last >= cpus_max) return std::nullopt;
    return std::pair{static_cast<unsigned>(*first), static_cast<unsigned>(*last)};
}

void add_cpus(Reader& reader, const Node& node, std::vector<unsigned>& into)
{
    std::optional<std::pair<unsigned, unsigned>> range;
    reader.scalar(node, "CPU numbers such as 0 or `0-3`", parse_cpus, range);
    if (!range) return;
    for (unsigned cpu = range->first; cpu <= range->second; ++cpu) into.push_back(cpu);
    std::sort(into.begin(), into.end());
    into.erase(std::unique(into.begin(), into.end()), into.end());
}

void read_cpu_affinity(Reader& reader, const Node& node, std::vector<unsigned>& into)
{
    if (std::holds_alternative<Scalar>(node.content)) return add_cpus(reader, node, into);
    if (const List* list = reader.list(node, "CPU numbers such as 0 or `0-3`, or a list of these"))
        for (const Node* item : list->items) add_cpus(reader, *item, into);
}

constexpr std::array limit_keys{
    Key<Limits>{"nofile", read_resource<RLIMIT_NOFILE>},
    Key<Limits>{"nproc", read_resource<RLIMIT_NPROC>},
    Key<Limits>{"core", read_resource<RLIMIT_CORE>},
    Key<Limits>{"memlock", read_resource<RLIMIT_MEMLOCK>},
    Key<Limits>{"as", read_resource<RLIMIT_AS>},
    Key<Limits>{"data", read_resource<RLIMIT_DATA>},
    Key<Limits>{"stack", read_resource<RLIMIT_STACK>},
    Key<Limits>{"fsize", read_resource<RLIMIT_FSIZE>},
    Key<Limits>{"cpu_time", read_resource<RLIMIT_CPU>},
    Key<Limits>{"locks", read_resource<RLIMIT_LOCKS>},
    Key<Limits>{"msgqueue", read_resource<RLIMIT_MSGQUEUE>},
    Key<Limits>{"rss", read_resource<RLIMIT_RSS>},
    Key<Limits>{"rtprio", read_resource<RLIMIT_RTPRIO>},
    Key<Limits>{"rttime", read_resource<RLIMIT_RTTIME>},
    Key<Limits>{"sigpending", read_resource<RLIMIT_SIGPENDING>},
    Key<Limits>{"rlimit_nice", read_resource<RLIMIT_NICE>},
    Key<Limits>{"memory", optional_field<&Limits::memory, read_size>},
    Key<Limits>{"cpu", optional_field<&Limits::cpu, read_cpu>},
    Key<Limits>{"pids", optional_field<&Limits::pids, read_task_count>},
    Key<Limits>{"nice", optional_field<&Limits::nice, read_integer<-20, 19>>},
    Key<Limits>{"ioprio", optional_field<&Limits::io_priority, read_io_priority>},
    Key<Limits>{"oom_score_adj", optional_field<&Limits::oom_score_adj, read_integer<-1000, 1000>>},
    Key<Limits>{"cpu_affinity", field<&Limits::cpu_affinity, read_cpu_affinity>},
};

constexpr std::array limit_hints{
    Hint{"LimitNOFILE", "nofile"},
    Hint{"minfds", "nofile"},
    Hint{"memory_max", "memory"},
    Hint{"mem_limit", "memory"},
    Hint{"MemoryMax", "memory"},
    Hint{"CPUQuota", "cpu"},
    Hint{"cpus", "cpu"},
    Hint{"TasksMax", "pids"},
    Hint{"cpuset", "cpu_affinity"},
    Hint{"CPUAffinity", "cpu_affinity"},
};

/// See capabilities(7), without `CAP_`.
constexpr std::array<std::string_view, 41> capability_names{
    "AUDIT_CONTROL",   "AUDIT_READ",   "AUDIT_WRITE",
    "BLOCK_SUSPEND",   "BPF",          "CHECKPOINT_RESTORE",
    "CHOWN",           "DAC_OVERRIDE", "DAC_READ_SEARCH",
    "FOWNER",          "FSETID",       "IPC_LOCK",
    "IPC_OWNER",       "KILL",         "LEASE",
    "LINUX_IMMUTABLE", "MAC_ADMIN",    "MAC_OVERRIDE",
    "MKNOD",           "NET_ADMIN",    "NET_BIND_SERVICE",
    "NET_BROADCAST",   "NET_RAW",      "PERFMON",
    "SETFCAP",         "SETGID",       "SETPCAP",
    "SETUID",          "SYSLOG",       "SYS_ADMIN",
    "SYS_BOOT",        "SYS_CHROOT",   "SYS_MODULE",
    "SYS_NICE",        "SYS_PACCT",    "SYS_PTRACE",
    "SYS_RAWIO",       "SYS_RESOURCE", "SYS_TIME",
    "SYS_TTY_CONFIG",  "WAKE_ALARM",
};

std::optional<std::string> parse_capability(std::string name)
{
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (name.starts_with("CAP_")) name.erase(0, 4);
    const bool known = std::find(capability_names.begin(), capability_names.end(), name) != capability_names.end();
    return known ? std::optional{"CAP_" + name} : std::nullopt;
}

} // namespace

void read_limits(Reader& reader, const Node& node, Limits& into)
{
    read_keys(reader, node, limit_keys, into, limit_hints);
}

void read_capabilities(Reader& reader, const Node& node, Isolation& into)
{
    std::vector<std::string> names;
    const auto add = [&](const Node& item) {
        std::string name;
        reader.scalar(item, "a capability such as `CAP_NET_BIND_SERVICE`", parse_capability, name);
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(std::move(name));
    };
    if (std::holds_alternative<Scalar>(node.content))
        add(node);
    else if (const List* list = reader.list(node, "a capability or a list of them"))
        for (const Node* item : list->items) add(*item);
    into.capabilities = std::move(names);
}

void append_limit_keys(std::vector<std::string>& into) { append_keys("processes.*.limits.", limit_keys, into); }

} // namespace pandora::procfiles
