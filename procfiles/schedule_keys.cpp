// `schedule` and `watch`: what else than the app's start makes a process run.
#include "procfiles/cron.hpp"
#include "procfiles/keys.hpp"
#include "procfiles/values.hpp"

#include <array>

namespace pandora::procfiles {

namespace {

struct ScheduleDraft {
    std::optional<Cron> cron;
    std::optional<Interval> interval;
    Schedule schedule;
};

void read_cron(Reader& reader, const Node& node, std::optional<Cron>& into)
{
    const auto text = reader.text(node, "a cron schedule such as `0 3 * * *`");
    if (!text) return;
    auto cron = parse_cron(*text);
    if (const auto* fault = std::get_if<CronFault>(&cron))
        reader.problem(node.place, "schedule " + quote(*text) + ": " + fault->clause);
    else
        into = std::get<Cron>(std::move(cron));
}

void read_interval(Reader& reader, const Node& node, std::optional<Interval>& into)
{
    Interval interval;
    read_positive_duration(reader, node, interval.period);
    if (interval.period > Millis{0}) into = interval;
}

/// By its form alone; whether the machine knows the zone shows where it is used.
std::optional<std::string> parse_time_zone(std::string_view text)
{
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
               c == '-' || c == '+';
    };
    const bool fits = !text.empty() && text.front() != '/' && std::all_of(text.begin(), text.end(), allowed);
    return fits ? std::optional{std::string{text}} : std::nullopt;
}

void read_time_zone(Reader& reader, const Node& node, std::string& into)
{
    reader.scalar(node, "a time zone such as `Europe/Berlin` or `UTC`", parse_time_zone, into);
}

constexpr std::array schedule_keys{
    Key<ScheduleDraft>{"cron", field<&ScheduleDraft::cron, read_cron>},
    Key<ScheduleDraft>{"interval", field<&ScheduleDraft::interval, read_interval>},
    Key<ScheduleDraft>{"timezone", nested<&ScheduleDraft::schedule, &Schedule::time_zone, read_time_zone>},
    Key<ScheduleDraft>{"run_on_start", nested<&ScheduleDraft::schedule, &Schedule::run_on_start, read_switch>},
    Key<ScheduleDraft>{"max_concurrent",
                       nested<&ScheduleDraft::schedule, &Schedule::max_concurrent, read_count<1, replicas_max>>},
};

constexpr std::array schedule_hints{
    Hint{"time_zone", "timezone"},
    Hint{"tz", "timezone"},
    Hint{"every", "interval"},
    Hint{"OnCalendar", "cron"},
};

/// Watched paths start at the process' folder, as its command's do.
struct WatchDraft {
    Watch watch;
    std::filesystem::path folder;
};

struct WatchedPathDraft {
    WatchedPath watched;
    std::filesystem::path folder;
};

void read_watched_path(Reader& reader, const Node& node, WatchedPathDraft& into)
{
    std::string text;
    read_nonempty_text(reader, node, text);
    if (!text.empty()) into.watched.path = (into.folder / text).lexically_normal();
}

constexpr std::array watched_path_keys{
    Key<WatchedPathDraft>{"path", read_watched_path},
    Key<WatchedPathDraft>{"include", nested<&WatchedPathDraft::watched, &WatchedPath::include, read_texts>},
    Key<WatchedPathDraft>{"exclude", nested<&WatchedPathDraft::watched, &WatchedPath::exclude, read_texts>},
};

constexpr std::array watched_path_hints{
    Hint{"ignore", "exclude"},
    Hint{"ignore_watch", "exclude"},
};

void add_watched_path(Reader& reader, const Node& node, WatchDraft& into)
{
    WatchedPathDraft draft{.folder = into.folder};
    if (std::holds_alternative<Scalar>(node.content))
        read_watched_path(reader, node, draft);
    else if (!read_keys(reader, node, watched_path_keys, draft, watched_path_hints).find("path") &&
             std::holds_alternative<Map>(node.content))
        return reader.problem(node.place, "what is watched needs a `path`");
    if (!draft.watched.path.empty()) into.watch.paths.push_back(std::move(draft.watched));
}

/// A path, a list of them, each perhaps with patterns.
void read_watched_paths(Reader& reader, const Node& node, WatchDraft& into)
{
    if (std::holds_alternative<Scalar>(node.content)) return add_watched_path(reader, node, into);
    if (const List* list = reader.list(node, "a path or a list of paths to watch"))
        for (const Node* item : list->items) add_watched_path(reader, *item, into);
}

constexpr std::array watch_keys{
    Key<WatchDraft>{"paths", read_watched_paths},
    Key<WatchDraft>{"debounce", nested<&WatchDraft::watch, &Watch::debounce, read_duration>},
    Key<WatchDraft>{"cascade", nested<&WatchDraft::watch, &Watch::cascade, read_switch>},
    Key<WatchDraft>{"disable_default_excludes", nested<&WatchDraft::watch, &Watch::default_excludes, read_inverse>},
    Key<WatchDraft>{"max_entries", ignore_text<WatchDraft>, "max_entries", Audience::compose},
    Key<WatchDraft>{"buffer_size", ignore_text<WatchDraft>, "buffer_size", Audience::compose},
};

constexpr std::array watch_hints{
    Hint{"path", "paths"},
    Hint{"delay", "debounce"},
};

} // namespace

void read_schedule(Reader& reader, const Node& node, std::optional<Schedule>& into)
{
    ScheduleDraft draft;
    const Given given = read_keys(reader, node, schedule_keys, draft, schedule_hints);
    const bool by_cron = given.find("cron").has_value(), by_interval = given.find("interval").has_value();
    if (by_cron == by_interval && std::holds_alternative<Map>(node.content))
        return reader.problem(node.place, by_cron ? "`schedule` has both `cron` and `interval`; only one can hold"
                                                  : "`schedule` has neither `cron` nor `interval`");
    if (draft.cron) draft.schedule.when = *std::move(draft.cron);
    if (draft.interval) draft.schedule.when = *draft.interval;
    if (by_cron || by_interval) into = std::move(draft.schedule);
}

void read_watch(Reader& reader, const Node& node, ProcessDraft& into)
{
    WatchDraft draft{.folder = into.working_dir};
    if (std::holds_alternative<Map>(node.content))
        read_keys(reader, node, watch_keys, draft, watch_hints);
    else
        read_watched_paths(reader, node, draft);
    if (!draft.watch.paths.empty()) into.watch = std::move(draft.watch);
}

void append_schedule_keys(std::vector<std::string>& into)
{
    append_keys("processes.*.schedule.", schedule_keys, into);
    append_keys("processes.*.watch.", watch_keys, into);
    append_keys("processes.*.watch.paths.*.", watched_path_keys, into);
}

} // namespace pandora::procfiles
