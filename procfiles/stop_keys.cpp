// How a process is stopped, reloaded and replaced, and what runs around that: `shutdown`, `reload`, `rollout`,
// `recycle`, `hooks`.
#include "procfiles/keys.hpp"
#include "procfiles/values.hpp"

#include <array>

namespace pandora::procfiles {

namespace {

constexpr std::array shutdown_keys{
    Key<Shutdown>{"command", field<&Shutdown::command, read_nonempty_text>},
    Key<Shutdown>{"signal", field<&Shutdown::signal, read_signal>},
    Key<Shutdown>{"timeout", field<&Shutdown::timeout, read_duration>},
    Key<Shutdown>{"timeout_seconds", field<&Shutdown::timeout, read_duration>, "timeout"},
    Key<Shutdown>{"parent_only", field<&Shutdown::parent_only, read_switch>},
    Key<Shutdown>{"drain", field<&Shutdown::drain, read_duration>},
    Key<Shutdown>{"send_keys", unsupported<"`send_keys` is not supported: a process gets no keyboard; use "
                                           "`shutdown.command` or `shutdown.signal`">},
};

constexpr std::array shutdown_hints{
    Hint{"stopsignal", "signal"},    Hint{"stop_signal", "signal"},       Hint{"grace", "timeout"},
    Hint{"kill_timeout", "timeout"}, Hint{"graceful_timeout", "timeout"}, Hint{"stopwaitsecs", "timeout"},
};

/// `reload` has one of two forms, which only its end tells.
struct ReloadDraft {
    ReloadSignal signal;
    ReloadCommand command;
};

constexpr std::array reload_keys{
    Key<ReloadDraft>{"signal", nested<&ReloadDraft::signal, &ReloadSignal::signal, read_signal>},
    Key<ReloadDraft>{"command", nested<&ReloadDraft::command, &ReloadCommand::command, read_nonempty_text>},
};

constexpr std::array rollout_keys{
    Key<Rollout>{"max_surge", field<&Rollout::max_surge, read_count<0, replicas_max>>},
    Key<Rollout>{"max_unavailable", field<&Rollout::max_unavailable, read_count<0, replicas_max>>},
};

constexpr std::array recycle_keys{
    Key<Recycle>{"age", field<&Recycle::age, read_duration>},
    Key<Recycle>{"spread", field<&Recycle::spread, read_duration>},
    Key<Recycle>{"memory", field<&Recycle::memory, read_size>},
};

constexpr std::array recycle_hints{
    Hint{"max_age", "age"},
    Hint{"max_age_variance", "spread"},
    Hint{"max_memory_restart", "memory"},
    Hint{"max_memory", "memory"},
};

constexpr std::array hook_keys{
    Key<Hook>{"command", field<&Hook::command, read_nonempty_text>},
    Key<Hook>{"timeout", field<&Hook::timeout, read_positive_duration>},
    Key<Hook>{"timeout_seconds", field<&Hook::timeout, read_positive_duration>, "timeout"},
};

void read_hook(Reader& reader, const Node& node, std::optional<Hook>& into)
{
    Hook hook;
    if (std::holds_alternative<Map>(node.content)) {
        const Given given = read_keys(reader, node, hook_keys, hook);
        if (!given.find("command")) return reader.problem(node.place, "a hook needs a `command`");
    } else {
        read_nonempty_text(reader, node, hook.command);
    }
    if (!hook.command.empty()) into = std::move(hook);
}

constexpr std::array hooks_keys{
    Key<Hooks>{"before_start", field<&Hooks::before_start, read_hook>},
    Key<Hooks>{"after_start", field<&Hooks::after_start, read_hook>},
    Key<Hooks>{"before_stop", field<&Hooks::before_stop, read_hook>},
    Key<Hooks>{"after_stop", field<&Hooks::after_stop, read_hook>},
};

constexpr std::array hooks_hints{
    Hint{"pre_start", "before_start"}, Hint{"ExecStartPre", "before_start"}, Hint{"post_start", "after_start"},
    Hint{"pre_stop", "before_stop"},   Hint{"preStop", "before_stop"},       Hint{"post_stop", "after_stop"},
};

} // namespace

void read_shutdown(Reader& reader, const Node& node, Shutdown& into)
{
    read_keys(reader, node, shutdown_keys, into, shutdown_hints);
}

void read_reload(Reader& reader, const Node& node, std::optional<Reload>& into)
{
    ReloadDraft draft;
    const Given given = read_keys(reader, node, reload_keys, draft);
    const bool by_signal = given.find("signal").has_value(), by_command = given.find("command").has_value();
    if (by_signal && by_command)
        return reader.problem(node.place, "`reload` has both `signal` and `command`; only one can be done");
    if (by_signal) into = draft.signal;
    if (by_command) into = draft.command;
    if (!by_signal && !by_command && std::holds_alternative<Map>(node.content))
        reader.problem(node.place, "`reload` has neither `signal` nor `command`");
}

void read_rollout(Reader& reader, const Node& node, Rollout& into) { read_keys(reader, node, rollout_keys, into); }

void read_recycle(Reader& reader, const Node& node, Recycle& into)
{
    read_keys(reader, node, recycle_keys, into, recycle_hints);
}

void read_hooks(Reader& reader, const Node& node, Hooks& into)
{
    read_keys(reader, node, hooks_keys, into, hooks_hints);
}

void append_stop_keys(std::vector<std::string>& into)
{
    append_keys("processes.*.shutdown.", shutdown_keys, into);
    append_keys("processes.*.reload.", reload_keys, into);
    append_keys("processes.*.rollout.", rollout_keys, into);
    append_keys("processes.*.recycle.", recycle_keys, into);
    append_keys("processes.*.hooks.", hooks_keys, into);
    append_keys("processes.*.hooks.*.", hook_keys, into);
}

} // namespace pandora::procfiles
