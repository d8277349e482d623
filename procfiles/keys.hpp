// The keys of a procfile: which there are, and how the tables that list them are entered.
#pragma once

#include "procfiles/reader.hpp"
#include "procfiles/spec.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pandora::procfiles {

/// What the app says for all its processes, while it is read.
struct AppDraft : AppSpec {
    Shell shell;
    LogSpec logs;
    Environment dotenv; // of `.env` or the env files that were asked for
    bool strict = false;
};

/// A process with what only its reading needs.
struct ProcessDraft : ProcessSpec {
    Vars vars;
    bool dotenv = true;
    std::optional<int> order;
    Place order_place;
};

/// Reads a whole tree. `.env` and `env_files` of the context have been read into `dotenv`.
AppDraft read_app(Reader& reader, const Node& root, Environment dotenv);

/// Reads the map under `processes:`; what they have in common comes from `app`, where they go.
void read_processes(Reader& reader, const Node& node, AppDraft& app);

// Each of these reads the value of a key, or of several, of one kind.
void read_environment(Reader& reader, const Node& node, Environment& into);
void read_env_files(Reader& reader, const Node& node, Environment& into);
void read_env_commands(Reader& reader, const Node& node, AppDraft& into);
void read_vars(Reader& reader, const Node& node, Vars& into);
void read_path(Reader& reader, const Node& node, std::filesystem::path& into);
void read_hub(Reader& reader, const Node& node, HubSpec& into);
void read_sockets(Reader& reader, const Node& node, std::vector<Socket>& into);
void read_groups(Reader& reader, const Node& node, std::vector<Group>& into);
void read_dependencies(Reader& reader, const Node& node, std::vector<Dependency>& into);
void read_availability(Reader& reader, const Node& node, Availability& into);
void read_shutdown(Reader& reader, const Node& node, Shutdown& into);
void read_reload(Reader& reader, const Node& node, std::optional<Reload>& into);
void read_rollout(Reader& reader, const Node& node, Rollout& into);
void read_recycle(Reader& reader, const Node& node, Recycle& into);
void read_hooks(Reader& reader, const Node& node, Hooks& into);
void read_schedule(Reader& reader, const Node& node, std::optional<Schedule>& into);
void read_watch(Reader& reader, const Node& node, ProcessDraft& into);
void read_readiness_probe(Reader& reader, const Node& node, ProcessDraft& into);
void read_liveness_probe(Reader& reader, const Node& node, ProcessDraft& into);
void read_limits(Reader& reader, const Node& node, Limits& into);
void read_capabilities(Reader& reader, const Node& node, Isolation& into);
void read_logs(Reader& reader, const Node& node, LogSpec& into);
void read_log_location(Reader& reader, const Node& node, LogSpec& into);
void read_log_configuration(Reader& reader, const Node& node, LogSpec& into);

/// What compose files get where they say nothing of logs.
LogSpec compose_logs();

/// Every key as a path, `processes.*.shutdown.signal`, in the tables' order: what the reference must
/// describe.
std::vector<std::string> known_keys();

// The parts of known_keys(), by the file that has their tables.
void append_process_keys(std::vector<std::string>& into);
void append_dependency_keys(std::vector<std::string>& into);
void append_restart_keys(std::vector<std::string>& into);
void append_stop_keys(std::vector<std::string>& into);
void append_probe_keys(std::vector<std::string>& into);
void append_schedule_keys(std::vector<std::string>& into);
void append_limit_keys(std::vector<std::string>& into);
void append_log_keys(std::string_view prefix, std::vector<std::string>& into);
void append_hub_keys(std::vector<std::string>& into);
void append_socket_keys(std::vector<std::string>& into);
void append_group_keys(std::vector<std::string>& into);

template <class Keys>
void append_keys(std::string_view prefix, const Keys& keys, std::vector<std::string>& into)
{
    for (const auto& key : keys) into.push_back(std::string{prefix} + std::string{key.name});
}

} // namespace pandora::procfiles
