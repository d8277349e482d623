// `availability`: when a process is started again.
#include "procfiles/keys.hpp"
#include "procfiles/values.hpp"

#include <algorithm>
#include <array>

namespace pandora::procfiles {

namespace {

constexpr std::array restarts{
    Word<Restart>{"no", Restart::no},
    Word<Restart>{"on_failure", Restart::on_failure},
    Word<Restart>{"always", Restart::always},
    Word<Restart>{"exit_on_failure", Restart::exit_on_failure},
};

constexpr std::array give_ups{
    Word<OnGiveUp>{"keep", OnGiveUp::keep},
    Word<OnGiveUp>{"stop_all", OnGiveUp::stop_all},
    Word<OnGiveUp>{"exit", OnGiveUp::exit},
};

/// Whether it is at least 1 is a question of sense, which validate() asks.
void read_multiplier(Reader& reader, const Node& node, double& into)
{
    const auto parse = [](std::string_view text) {
        const auto number = parse_number(text);
        return number && *number <= backoff_multiplier_max ? number : std::nullopt;
    };
    reader.scalar(node, "a number such as 1.5, at most 1000", parse, into);
}

void read_jitter(Reader& reader, const Node& node, double& into)
{
    reader.scalar(node, "a fraction such as 0.1, from 0 to 1", parse_number, into);
}

constexpr std::array availability_keys{
    Key<Availability>{"restart", field<&Availability::restart, read_word<restarts>>},
    Key<Availability>{"backoff", field<&Availability::backoff, read_duration>},
    Key<Availability>{"backoff_seconds", field<&Availability::backoff, read_duration>, "backoff"},
    Key<Availability>{"backoff_multiplier", field<&Availability::backoff_multiplier, read_multiplier>},
    Key<Availability>{"backoff_max", field<&Availability::backoff_max, read_duration>},
    Key<Availability>{"backoff_max_seconds", field<&Availability::backoff_max, read_duration>, "backoff_max"},
    Key<Availability>{"backoff_jitter", field<&Availability::backoff_jitter, read_jitter>},
    Key<Availability>{"max_restarts", field<&Availability::max_restarts, read_count<0, restarts_max>>},
    Key<Availability>{"restart_window", field<&Availability::restart_window, read_positive_duration>},
    Key<Availability>{"restart_window_seconds", field<&Availability::restart_window, read_positive_duration>,
                      "restart_window"},
    Key<Availability>{"reset_after", field<&Availability::reset_after, read_duration>},
    Key<Availability>{"backoff_reset_seconds", field<&Availability::reset_after, read_duration>, "reset_after"},
    Key<Availability>{"on_give_up", field<&Availability::on_give_up, read_word<give_ups>>},
    Key<Availability>{"exit_on_end", field<&Availability::exit_on_end, read_switch>},
    Key<Availability>{"exit_on_skipped", field<&Availability::exit_on_skipped, read_switch>},
};

constexpr std::array availability_hints{
    Hint{"max_retries", "max_restarts"},
    Hint{"retries", "max_restarts"},
    Hint{"startretries", "max_restarts"},
    Hint{"delay", "backoff"},
    Hint{"restart_delay", "backoff"},
    Hint{"interval", "restart_window"},
    Hint{"StartLimitBurst", "max_restarts"},
    Hint{"min_uptime", "reset_after"},
    Hint{"policy", "restart"},
    Hint{"StartLimitInterval", "restart_window"},
};

/// process-compose waits the same time before each restart, and never less than a second.
constexpr Millis compose_backoff_min{1'000};

void read_as_compose(Reader& reader, const Node& node, Availability& into)
{
    into.backoff = compose_backoff_min;
    into.backoff_multiplier = 1;
    into.backoff_jitter = 0;
    const Given given = read_keys(reader, node, availability_keys, into, availability_hints);
    const auto backoff = given.find("backoff");
    if (!backoff || into.backoff >= compose_backoff_min) return;
    reader.warning(*backoff, "`backoff_seconds` below 1 is 1, as process-compose has it");
    into.backoff = compose_backoff_min;
}

} // namespace

void read_availability(Reader& reader, const Node& node, Availability& into)
{
    const Millis default_max = into.backoff_max;
    into.place = node.place;
    if (reader.is_compose())
        read_as_compose(reader, node, into);
    else
        read_keys(reader, node, availability_keys, into, availability_hints);
    // Who asks for a long first delay means it: the default limit must not contradict what was written.
    if (into.backoff_max == default_max) into.backoff_max = std::max(into.backoff_max, into.backoff);
}

void append_restart_keys(std::vector<std::string>& into)
{
    append_keys("processes.*.availability.", availability_keys, into);
}

} // namespace pandora::procfiles
