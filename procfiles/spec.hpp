// What a procfile says, as plain structs with units and defaults. No YAML here: `load` fills these,
// `validate` checks them, the supervisor reads them.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace pandora::procfiles {

using Millis = std::chrono::milliseconds;

/// A place in a procfile, 1-based as editors count; line 0 means "the file as a whole".
struct Place {
    std::size_t line = 0;
    std::size_t column = 0;
    auto operator<=>(const Place&) const = default;
};

struct Variable {
    std::string name;
    std::string value;
    bool operator==(const Variable&) const = default;
};

/// Later entries win over earlier ones of the same name.
using Environment = std::vector<Variable>;

/// `command:` is one string for `sh -c`; `entrypoint:` is an argv run without a shell.
struct ShellCommand {
    std::string text;
};

struct Entrypoint {
    std::vector<std::string> argv; // never empty
};

using Command = std::variant<ShellCommand, Entrypoint>;

/// When a process that ended by itself is started again. The words, and `no` as the default, are
/// process-compose's.
enum class Restart : std::uint8_t {
    no,
    on_failure,      // a non-zero exit code or a signal
    always,          // any end
    exit_on_failure, // a failure ends the whole app with its exit code
};

/// The default delays are a choice: long enough not to spin, short enough that one crash is hardly noticed.
struct Availability {
    Restart restart = Restart::no;
    Millis backoff{200};             // delay before the first restart in a row
    double backoff_multiplier = 2.0; // each further restart in a row waits this many times longer
    Millis backoff_max{30'000};
    std::uint32_t max_restarts = 0; // in any restart_window; 0 = without limit, as in process-compose
    Millis restart_window{60'000};
    Millis reset_after{30'000}; // a run that lasts this long counts as stable: the delay starts anew
    bool exit_on_end = false;   // the end of this process ends the app, with its exit code
    Place place;                // of `availability:`; line 0 where the procfile has none
};

struct Shutdown {
    std::string command;      // run by `sh -c` instead of sending the signal; empty = none
    int signal = 15;          // SIGTERM
    Millis timeout{10'000};   // then SIGKILL to the whole group
    bool parent_only = false; // the signal goes to the process itself, not its group
};

/// What must hold of the other process before the dependent one starts.
enum class Condition : std::uint8_t { started, healthy, completed, completed_successfully };

struct Dependency {
    std::string process;
    Condition condition = Condition::started;
    Place place;
};

struct ProcessSpec {
    std::string name;
    Command command;
    std::filesystem::path working_dir; // absolute; default: the procfile's folder
    Environment environment;           // the process' own: env_file first, then `environment:`
    std::uint32_t replicas = 1;
    std::vector<Dependency> depends_on;
    Availability availability;
    Shutdown shutdown;
    std::vector<std::string> objects; // hub objects it promises to publish; it is healthy once all are
    std::string description;          // one line for people; may be empty
    Place place;
};

/// `metrics: {listen: HOST:PORT}`. `named` tells a port the user asked for (taken = error) from the default
/// (taken = the next free one).
struct MetricsSpec {
    std::string host = "127.0.0.1";
    std::uint16_t port = 7002;
    bool named = false;
};

struct HubSpec {
    std::uint32_t frame_bytes_max = 16 * 1024 * 1024;
    Millis call_timeout{5'000};
};

/// One app: what `pandora run` supervises. Processes stand in the order of the file.
struct AppSpec {
    std::string name;
    std::filesystem::path file; // absolute
    Environment environment;    // of all processes: env_file first, then `environment:`
    std::vector<ProcessSpec> processes;
    HubSpec hub;
    MetricsSpec metrics;
};

} // namespace pandora::procfiles
