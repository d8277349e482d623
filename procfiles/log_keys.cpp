// `logs` and what process-compose calls `log_location` and `log_configuration`, of the app or of one process.
#include "procfiles/go_time.hpp"
#include "procfiles/keys.hpp"
#include "procfiles/replica.hpp"
#include "procfiles/values.hpp"

#include <array>

namespace pandora::procfiles {

namespace {

constexpr std::array formats{Word<LogFormat>{"text", LogFormat::text}, Word<LogFormat>{"json", LogFormat::json}};

std::optional<Compression> parse_compression(std::string_view text)
{
    if (const auto on = parse_switch(text)) return *on ? Compression::gzip : Compression::none;
    const std::string word = lowered(text);
    if (word == "none") return Compression::none;
    if (word == "gzip") return Compression::gzip;
    if (word == "zstd") return Compression::zstd;
    return std::nullopt;
}

void read_compression(Reader& reader, const Node& node, Compression& into)
{
    reader.scalar(node, "`gzip`, `zstd`, `none`, `true` or `false`", parse_compression, into);
}

/// Keeps `separate`, which may have been said before, as by the app's `logs`.
void read_directory(Reader& reader, const Node& node, LogTarget& into)
{
    LogsInDirectory target;
    if (const auto* before = std::get_if<LogsInDirectory>(&into)) target = *before;
    read_path(reader, node, target.directory);
    into = std::move(target);
}

void read_separate(Reader& reader, const Node& node, LogTarget& into)
{
    if (!std::holds_alternative<LogsInDirectory>(into)) into = LogsInDirectory{};
    read_switch(reader, node, std::get<LogsInDirectory>(into).separate);
}

/// `{PC_REPLICA_NUM}`, in single braces, is how process-compose marks the replica's place in the names of log files.
void read_file(Reader& reader, const Node& node, LogTarget& into)
{
    constexpr std::string_view compose_marker = "{PC_REPLICA_NUM}";
    LogsInFile target;
    read_path(reader, node, target.file);
    if (target.file.empty()) return;
    std::string text = target.file.string();
    const std::size_t at = text.find(compose_marker);
    if (at != std::string::npos && text.find(replica_marker) == std::string::npos) {
        text.replace(at, compose_marker.size(), replica_marker);
        target.file = std::move(text);
        reader.scope().note_per_replica();
    }
    into = std::move(target);
}

void read_timestamps(Reader& reader, const Node& node, std::optional<std::string>& into)
{
    const auto text = reader.text(node, "a format such as `%Y-%m-%d %H:%M:%S`, `true` or `false`");
    if (!text) return;
    const auto on = parse_switch(*text);
    if (!on)
        into = *text;
    else if (*on)
        into = iso_8601;
    else
        into.reset();
}

// `file` stands below `directory`: who writes both in two files that are merged means the last, and in one an error
// is told. `separate` builds on `directory`.
constexpr std::array log_keys{
    Key<LogSpec>{"directory", field<&LogSpec::target, read_directory>},
    Key<LogSpec>{"separate", field<&LogSpec::target, read_separate>},
    Key<LogSpec>{"file", field<&LogSpec::target, read_file>, "directory"},
    Key<LogSpec>{"max_size", nested<&LogSpec::rotation, &LogRotation::max_size, read_size>},
    Key<LogSpec>{"max_backups", nested<&LogSpec::rotation, &LogRotation::max_backups, read_count<0, log_backups_max>>},
    Key<LogSpec>{"max_age", nested<&LogSpec::rotation, &LogRotation::max_age, read_seconds>},
    Key<LogSpec>{"rotate_every", nested<&LogSpec::rotation, &LogRotation::interval, read_seconds>},
    Key<LogSpec>{"compress", nested<&LogSpec::rotation, &LogRotation::compression, read_compression>},
    Key<LogSpec>{"format", field<&LogSpec::format, read_word<formats>>},
    Key<LogSpec>{"timestamps", field<&LogSpec::timestamps, read_timestamps>},
    Key<LogSpec>{"metadata", field<&LogSpec::metadata, read_switch>},
    Key<LogSpec>{"console", field<&LogSpec::console, read_switch>},
    Key<LogSpec>{"tail_lines", field<&LogSpec::tail_lines, read_count<0, tail_lines_max>>},
};

constexpr std::array log_hints{
    Hint{"dir", "directory"},
    Hint{"location", "file"},
    Hint{"stdout_logfile", "file"},
    Hint{"max_bytes", "max_size"},
    Hint{"backups", "max_backups"},
    Hint{"interval", "rotate_every"},
    Hint{"log_date_format", "timestamps"},
};

/// What process-compose says in pieces.
struct ConfigurationDraft {
    LogSpec& logs;
    bool add_timestamp = false;
    std::string go_format;
    std::filesystem::path directory;
    std::string file_name;
};

void read_megabytes(Reader& reader, const Node& node, ConfigurationDraft& into)
{
    std::uint32_t megabytes = 0;
    const std::size_t before = reader.problem_count();
    read_count<0, 1'000'000>(reader, node, megabytes);
    if (reader.problem_count() == before) into.logs.rotation.max_size = std::uint64_t{megabytes} * 1024 * 1024;
}

void read_backups(Reader& reader, const Node& node, ConfigurationDraft& into)
{
    read_count<0, log_backups_max>(reader, node, into.logs.rotation.max_backups);
}

void read_days(Reader& reader, const Node& node, ConfigurationDraft& into)
{
    std::uint32_t days = 0;
    const std::size_t before = reader.problem_count();
    read_count<0, 10'000>(reader, node, days);
    if (reader.problem_count() == before) into.logs.rotation.max_age = std::chrono::hours{24} * days;
}

void read_rotation_compress(Reader& reader, const Node& node, ConfigurationDraft& into)
{
    read_compression(reader, node, into.logs.rotation.compression);
}

constexpr std::array rotation_keys{
    Key<ConfigurationDraft>{"directory", field<&ConfigurationDraft::directory, read_path>},
    Key<ConfigurationDraft>{"filename", field<&ConfigurationDraft::file_name, read_nonempty_text>},
    Key<ConfigurationDraft>{"max_size_mb", read_megabytes},
    Key<ConfigurationDraft>{"max_backups", read_backups},
    Key<ConfigurationDraft>{"max_age_days", read_days},
    Key<ConfigurationDraft>{"compress", read_rotation_compress},
};

/// With a `rotation` of its own a process-compose file has the limits of that: 100 MB, and all files are kept.
void read_rotation(Reader& reader, const Node& node, ConfigurationDraft& into)
{
    if (reader.is_compose()) into.logs.rotation = {.max_size = 100 * 1024 * 1024, .max_backups = 0};
    read_keys(reader, node, rotation_keys, into);
    if (into.directory.empty() && into.file_name.empty()) return;
    const bool is_folder = into.file_name.empty();
    const auto& folder = into.directory.empty() ? reader.context().folder : into.directory;
    if (is_folder)
        into.logs.target = LogsInDirectory{.directory = folder};
    else
        into.logs.target = LogsInFile{(folder / into.file_name).lexically_normal()};
}

void read_disable_json(Reader& reader, const Node& node, ConfigurationDraft& into)
{
    bool text = into.logs.format == LogFormat::text;
    read_switch(reader, node, text);
    into.logs.format = text ? LogFormat::text : LogFormat::json;
}

void read_no_metadata(Reader& reader, const Node& node, ConfigurationDraft& into)
{
    read_inverse(reader, node, into.logs.metadata);
}

constexpr std::array configuration_keys{
    Key<ConfigurationDraft>{"rotation", read_rotation},
    Key<ConfigurationDraft>{"disable_json", read_disable_json},
    Key<ConfigurationDraft>{"add_timestamp", field<&ConfigurationDraft::add_timestamp, read_switch>},
    Key<ConfigurationDraft>{"timestamp_format", field<&ConfigurationDraft::go_format, read_nonempty_text>},
    Key<ConfigurationDraft>{"no_metadata", read_no_metadata},
    Key<ConfigurationDraft>{"no_color", ignore_text<ConfigurationDraft>},
    Key<ConfigurationDraft>{"flush_each_line", ignore_text<ConfigurationDraft>},
    Key<ConfigurationDraft>{"fields_order", unsupported<"`fields_order` is not supported: a line is time, name, text">},
};

/// The layout is an example of its own: Go writes the second of January 2006, 15:04:05.
void apply_timestamps(Reader& reader, const Node& node, ConfigurationDraft& draft)
{
    if (!draft.add_timestamp) return;
    constexpr std::string_view compose_default = "3:04PM";
    const auto [format, complete] = strftime_of(draft.go_format.empty() ? compose_default : draft.go_format);
    if (!complete)
        reader.warning(node.place,
                       "`timestamp_format` " + quote(draft.go_format) +
                           " has parts that are left out: parts of a second, or zones by offset of seconds");
    draft.logs.timestamps = format;
}

} // namespace

void read_logs(Reader& reader, const Node& node, LogSpec& into)
{
    if (const auto* scalar = std::get_if<Scalar>(&node.content)) {
        const std::string word = reader.scope().expanded(scalar->text).text;
        if (word != "none" && parse_switch(word) != false) return reader.expected(node, "a map, or `none`");
        into.target = LogsNowhere{};
        return;
    }
    const bool in_file = std::holds_alternative<LogsInFile>(into.target);
    const Given given = read_keys(reader, node, log_keys, into, log_hints);
    // Files of their own go to the default place unless something else was said, by the app or here.
    const bool about_files = given.find("max_size") || given.find("max_backups") || given.find("compress") ||
                             given.find("max_age") || given.find("rotate_every") || given.find("format");
    if (about_files && !in_file && std::holds_alternative<LogsNowhere>(into.target)) into.target = LogsInDirectory{};
}

void read_log_location(Reader& reader, const Node& node, LogSpec& into) { read_file(reader, node, into.target); }

void read_log_configuration(Reader& reader, const Node& node, LogSpec& into)
{
    ConfigurationDraft draft{.logs = into};
    read_keys(reader, node, configuration_keys, draft);
    apply_timestamps(reader, node, draft);
}

LogSpec compose_logs()
{
    LogSpec logs;
    logs.format = LogFormat::json;
    return logs;
}

void append_log_keys(std::string_view prefix, std::vector<std::string>& into)
{
    const std::string text{prefix};
    append_keys(text + "logs.", log_keys, into);
    append_keys(text + "log_configuration.", configuration_keys, into);
    append_keys(text + "log_configuration.rotation.", rotation_keys, into);
}

} // namespace pandora::procfiles
