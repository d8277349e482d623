// What a procfile says, as plain structs with units and defaults. No YAML here: `load` fills these,
// `validate` checks them, the supervisor reads them.
#pragma once

#include <bitset>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pandora::procfiles {

using Millis = std::chrono::milliseconds;

/// A place in a procfile, 1-based as editors count; line 0 means "the file as a whole".
struct Place {
    std::size_t line = 0;
    std::size_t column = 0;
    std::size_t file = 0; // which of the files that were read together; 0 = the one that the user named first
    auto operator<=>(const Place&) const = default;
};

struct Variable {
    std::string name;
    std::string value;
    bool operator==(const Variable&) const = default;
};

/// Later entries win over earlier ones of the same name.
using Environment = std::vector<Variable>;

/// What runs a command text: `program argument TEXT`.
struct Shell {
    std::string program = "/bin/sh";
    std::string argument = "-c";
    bool operator==(const Shell&) const = default;
};

/// `command:` is one string for the shell; `entrypoint:` is an argv run without one.
struct ShellCommand {
    std::string text;
    Shell shell;
    bool operator==(const ShellCommand&) const = default;
};

struct Entrypoint {
    std::vector<std::string> argv; // never empty
    bool operator==(const Entrypoint&) const = default;
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

/// What happens when a process that is to be restarted has spent its restarts.
enum class OnGiveUp : std::uint8_t {
    keep,     // it stays down, the others go on
    stop_all, // every other process is stopped, too; the master stays, for people to look
    exit,     // the app ends with its exit code
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
    double backoff_jitter =
        0.1; // each delay is longer or shorter by up to this fraction, so that many do not return at once
    OnGiveUp on_give_up = OnGiveUp::keep;
    bool exit_on_end = false;     // the end of this process ends the app, with its exit code
    bool exit_on_skipped = false; // so does its never being started, because a dependency failed (code 1)
    Place place;                  // of `availability:`; line 0 where the procfile has none
    bool operator==(const Availability&) const = default;
};

struct Shutdown {
    std::string command;      // run by the shell instead of sending the signal; empty = none
    int signal = 15;          // SIGTERM
    Millis timeout{10'000};   // then SIGKILL to the whole group
    bool parent_only = false; // the signal goes to the process itself, not its group
    Millis drain{0};          // before all that: how long the hub may take to finish what is in flight; 0 = not asked
    bool operator==(const Shutdown&) const = default;
};

/// How `pandora reload` reaches a process that can take on its configuration anew.
struct ReloadSignal {
    int signal = 1; // SIGHUP
    bool operator==(const ReloadSignal&) const = default;
};

struct ReloadCommand {
    std::string command; // run by the shell, with MAINPID
    bool operator==(const ReloadCommand&) const = default;
};

using Reload = std::variant<ReloadSignal, ReloadCommand>;

/// What must hold of the other process before the dependent one starts.
enum class Condition : std::uint8_t {
    started,
    healthy, // ready: see Readiness
    completed,
    completed_successfully,
    log_ready,        // its `ready_log_line` was seen in this run
    object_published, // it has published `Dependency::object`, or all its `objects`
};

struct Dependency {
    std::string process;
    Condition condition = Condition::started;
    std::string object; // of object_published; empty = all that it promises
    Place place;
    bool operator==(const Dependency&) const = default;
};

// --- probes -----------------------------------------------------------------------------------------------------

/// Passes with exit code 0.
struct ExecProbe {
    ShellCommand command;
    std::filesystem::path working_dir; // absolute; empty = the process' own
    bool operator==(const ExecProbe&) const = default;
};

struct HttpHeader {
    std::string name;
    std::string value;
    bool operator==(const HttpHeader&) const = default;
};

/// Passes with exactly this status. A certificate is not verified, as in Kubernetes: the peer is this machine.
struct HttpProbe {
    bool tls = false; // scheme: https
    std::string host = "127.0.0.1";
    std::uint16_t port = 80; // 443 where tls
    std::string port_text;   // of one that differs by replica, see for_replica(); else empty
    std::string path = "/";
    std::vector<HttpHeader> headers;
    unsigned status = 200;
    bool operator==(const HttpProbe&) const = default;
};

/// Passes when a connection is accepted.
struct TcpProbe {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::string port_text; // as HttpProbe's
    bool operator==(const TcpProbe&) const = default;
};

struct UnixProbe {
    std::filesystem::path path;
    bool operator==(const UnixProbe&) const = default;
};

/// Passes while the hub hears from the process: it answers pings, or takes what is queued for it.
struct HubProbe {
    bool operator==(const HubProbe&) const = default;
};

using ProbeAction = std::variant<ExecProbe, HttpProbe, TcpProbe, UnixProbe, HubProbe>;

/// The defaults are process-compose's and Kubernetes'.
struct Probe {
    ProbeAction action;
    Millis initial_delay{0};
    Millis period{10'000};
    Millis timeout{1'000};
    std::uint32_t success_threshold = 1;
    std::uint32_t failure_threshold = 3;
    bool operator==(const Probe&) const = default;
};

/// A process is ready once all that is asked for here has happened; nothing asked = exec succeeded.
struct Readiness {
    std::vector<std::string> objects;   // hub objects it promises to publish
    bool notify = false;                // READY=1 on NOTIFY_SOCKET, see sd_notify(3)
    std::optional<int> notification_fd; // a newline written to this descriptor, as with s6
    std::string log_line;               // `ready_log_line`: a substring, or a regular expression, of an output line
    std::optional<Probe> probe;         // `readiness_probe`; where it fails later, the run has failed
    Millis timeout{0};                  // `start_timeout`: not ready by then = the run has failed; 0 = none
    bool operator==(const Readiness&) const = default;
};

// --- limits and isolation ---------------------------------------------------------------------------------------

/// See getrlimit(2). No value = unlimited.
struct ResourceLimit {
    int resource = 0; // RLIMIT_*
    std::optional<std::uint64_t> soft;
    std::optional<std::uint64_t> hard;
    bool operator==(const ResourceLimit&) const = default;
};

/// See ioprio_set(2).
struct IoPriority {
    enum class Class : std::uint8_t { realtime = 1, best_effort = 2, idle = 3 };
    Class kind = Class::best_effort;
    unsigned level = 4; // 0 (first) to 7
    bool operator==(const IoPriority&) const = default;
};

/// Absent = as the master has it.
struct Limits {
    std::vector<ResourceLimit> resources;
    std::optional<std::uint64_t> memory; // bytes; cgroup memory.max
    std::optional<double> cpu;           // CPUs; cgroup cpu.max
    std::optional<std::uint64_t> pids;   // cgroup pids.max
    std::optional<int> nice;
    std::optional<IoPriority> io_priority;
    std::optional<int> oom_score_adj;
    std::vector<unsigned> cpu_affinity; // CPU numbers; empty = all
    bool operator==(const Limits&) const = default;
};

/// Whom a process runs as and what it may do. Names or numbers, looked up when the app starts.
struct Isolation {
    std::string user;                               // empty = the master's
    std::string group;                              // empty = the user's primary group
    std::optional<std::vector<std::string>> groups; // supplementary; absent = the user's own
    std::optional<unsigned> umask;
    bool no_new_privileges = false;
    std::optional<std::vector<std::string>> capabilities; // all that it keeps ("CAP_NET_BIND_SERVICE"); absent = all
    bool operator==(const Isolation&) const = default;
};

// --- logs -------------------------------------------------------------------------------------------------------

enum class LogFormat : std::uint8_t { text, json };
enum class Compression : std::uint8_t { none, gzip, zstd };

/// Of one log file. The rotated ones are FILE.1 (the youngest), FILE.2, ... with `.gz` or `.zst` where compressed.
struct LogRotation {
    std::uint64_t max_size = 50 * 1024 * 1024; // bytes, supervisord's default; 0 = never by size
    std::uint32_t max_backups = 10;            // 0 = keep all
    std::chrono::seconds max_age{0};           // older backups are removed; 0 = never
    std::chrono::seconds interval{0};          // rotates when this old, too; 0 = never by time
    Compression compression = Compression::none;
    bool operator==(const LogRotation&) const = default;
};

struct LogsNowhere {
    bool operator==(const LogsNowhere&) const = default;
};

/// DIRECTORY/PROCESS.log, PROCESS-INDEX.log where there are several replicas; with `separate` PROCESS.out.log and
/// PROCESS.err.log.
struct LogsInDirectory {
    std::filesystem::path directory; // absolute; empty = the default place of the app's logs
    bool separate = false;
    bool operator==(const LogsInDirectory&) const = default;
};

/// One file for both streams and all replicas; several processes may name the same.
struct LogsInFile {
    std::filesystem::path file; // absolute
    bool operator==(const LogsInFile&) const = default;
};

using LogTarget = std::variant<LogsNowhere, LogsInDirectory, LogsInFile>;

/// Of one process: the app's `logs:` with the process' own values over it. Without either, output goes to the console
/// and the tail in memory alone.
struct LogSpec {
    LogTarget target;
    LogRotation rotation;
    LogFormat format = LogFormat::text;
    std::optional<std::string> timestamps; // a strftime(3) format in front of each line of text; JSON always has one
    bool metadata = true;                  // JSON: process and instance; text in a shared file: the name in front
    bool console = true;                   // also on the console of `pandora run`
    std::uint32_t tail_lines = 1'000;      // kept in memory
    bool operator==(const LogSpec&) const = default;
};

// --- schedules, watch, hooks ------------------------------------------------------------------------------------

/// Five fields as crontab(5) has them: a time matches if all fields do, but where both days are restricted, either.
struct Cron {
    std::string text;
    std::bitset<60> minutes;
    std::bitset<24> hours;
    std::bitset<32> days;    // 1-31
    std::bitset<13> months;  // 1-12
    std::bitset<7> weekdays; // 0 = Sunday
    bool days_restricted = false;
    bool weekdays_restricted = false;
    bool operator==(const Cron&) const = default;
};

struct Interval {
    Millis period{};
    bool operator==(const Interval&) const = default;
};

struct Schedule {
    std::variant<Cron, Interval> when;
    std::string time_zone;            // an IANA name; empty = the machine's
    bool run_on_start = false;        // also as soon as the app starts
    std::uint32_t max_concurrent = 1; // a run that falls due while this many still run is skipped
    bool operator==(const Schedule&) const = default;
};

/// Patterns match against the path below `path`; `*` stays within a folder, `**` does not.
struct WatchedPath {
    std::filesystem::path path; // absolute; a file or a folder with all below it
    std::vector<std::string> include;
    std::vector<std::string> exclude;
    bool operator==(const WatchedPath&) const = default;
};

/// The process is restarted when a file changed.
struct Watch {
    std::vector<WatchedPath> paths;
    Millis debounce{300};         // waits until nothing has changed for this long
    bool cascade = false;         // restarts those that depend on it, too
    bool default_excludes = true; // .git, node_modules, editors' swap files, ...
    bool operator==(const Watch&) const = default;
};

struct Hook {
    std::string command; // run by the shell in the process' folder, environment and user
    Millis timeout{30'000};
    bool operator==(const Hook&) const = default;
};

/// before_start failing fails the start; the others are told when they fail, and that is all.
struct Hooks {
    std::optional<Hook> before_start;
    std::optional<Hook> after_start; // when it is ready
    std::optional<Hook> before_stop;
    std::optional<Hook> after_stop;
    bool operator==(const Hooks&) const = default;
};

/// Replaces a run that is old or large, by a restart that is not counted as one of a failure.
struct Recycle {
    Millis age{0};            // 0 = never
    Millis spread{0};         // each run lives longer by a random part of this, so that replicas do not end together
    std::uint64_t memory = 0; // bytes resident, of all its processes; 0 = never
    bool operator==(const Recycle&) const = default;
};

/// How a rolling replace goes on.
struct Rollout {
    std::uint32_t max_surge = 1;       // instances beyond `replicas` meanwhile
    std::uint32_t max_unavailable = 0; // instances missing meanwhile; not both are 0
    bool operator==(const Rollout&) const = default;
};

struct ProcessSpec {
    std::string name;
    Command command;
    Shell shell;                       // what runs its other commands: shutdown, reload, hooks
    std::filesystem::path working_dir; // absolute; default: the procfile's folder
    Environment environment;           // the process' own: env_file first, then `environment:`
    std::uint32_t replicas = 1;
    bool per_replica = false;            // some texts differ by replica: use for_replica() of this
    std::vector<std::string> namespaces; // for commands that name many at once
    bool disabled = false;               // listed, started by command only
    std::vector<Dependency> depends_on;
    Availability availability;
    std::vector<int> success_exit_codes; // good ends beside 0
    Readiness readiness;
    std::optional<Probe> liveness; // a run that fails it is ended, as a failure
    Millis watchdog{0};            // WATCHDOG=1 is missing for so long = the run has failed; 0 = none
    Shutdown shutdown;
    std::optional<Reload> reload; // absent = a rolling replace
    Rollout rollout;
    Recycle recycle;
    Hooks hooks;
    std::optional<Schedule> schedule; // it runs when due, rather than at the start
    std::optional<Watch> watch;
    std::vector<std::string> sockets; // names of the app's sockets it is given
    bool on_demand = false;           // started by the first connection to one of its sockets
    bool is_daemon = false;           // the command starts it in the background and ends; `shutdown.command` stops it
    Millis launch_timeout{5'000};     // of is_daemon: the command has to end by then
    bool tty = false;                 // its output is a terminal
    Limits limits;
    Isolation isolation;
    LogSpec logs;
    std::string description; // one line for people; may be empty
    Place place;
    bool operator==(const ProcessSpec&) const = default;
};

/// Of OTP: which other members of a group are restarted when one of them ends by itself and is restarted.
enum class Strategy : std::uint8_t {
    one_for_one,  // none
    one_for_all,  // all
    rest_for_one, // those listed after it
};

struct Group {
    std::string name;
    Strategy strategy = Strategy::one_for_one;
    std::vector<std::string> processes; // in the order that rest_for_one goes by
    Place place;
    bool operator==(const Group&) const = default;
};

struct TcpAddress {
    std::string host; // numeric, or "localhost"; "" = every address
    std::uint16_t port = 0;
    bool operator==(const TcpAddress&) const = default;
};

struct UnixAddress {
    std::filesystem::path path; // absolute
    unsigned mode = 0666;
    bool operator==(const UnixAddress&) const = default;
};

/// A listening socket that the master owns: it outlives every process that uses it.
struct Socket {
    std::string name;
    std::variant<TcpAddress, UnixAddress> address;
    int backlog = 4096;
    bool reuse_port = false; // a socket of its own for each replica; the kernel spreads the connections
    Place place;
    bool operator==(const Socket&) const = default;
};

/// `metrics: {listen: HOST:PORT}`. `named` tells a port the user asked for (taken = error) from the default
/// (taken = the next free one).
struct MetricsSpec {
    std::string host = "127.0.0.1";
    std::uint16_t port = 7002;
    bool named = false;
    bool operator==(const MetricsSpec&) const = default;
};

/// What a rule of the hub's policy is about.
enum class PolicyVerb : std::uint8_t { any, call, publish, subscribe };

/// The process of clients behind which no supervised process stands, in a rule. No process can be called so.
inline constexpr const char* stranger_process = "-";

/// Of the rules the first that fits decides; where none does, it is allowed. A list without entries leaves the matter
/// open. Objects, names and processes are globs: `*` stands for any text, `?` for one byte.
struct PolicyRule {
    bool allow = true;
    PolicyVerb verb = PolicyVerb::any;
    std::vector<std::string> objects;
    std::vector<std::string> names;     // of methods and properties that are called, of events that are subscribed to
    std::vector<std::string> processes; // of supervised ones; stranger_process
    std::vector<std::string> users;     // names or numbers, looked up when the app starts
    Place place;
    bool operator==(const PolicyRule&) const = default;
};

struct HubSpec {
    std::uint32_t frame_bytes_max = 16 * 1024 * 1024;
    Millis call_timeout{5'000};
    Millis unresponsive_after{10'000};   // a client is, that has not answered for so long, or not taken its messages
    std::string user = "nobody";         // whom the hub's process runs as where the master is root; name or number
    std::vector<std::string> allow_uids; // who may connect beside root, the owner and the processes' users; as `user`
    bool strict = false; // a client that says it is another one is refused, and so is an object that another promises
    bool persist_config = false; // what the config manager keeps outlives the app, in its state folder
    std::vector<PolicyRule> policy;
    bool operator==(const HubSpec&) const = default;
};

/// One app: what `pandora run` supervises. Processes stand in the order of the file.
struct AppSpec {
    std::string name;
    std::filesystem::path file; // absolute; the first of several
    Environment environment;    // of all processes: env_file first, then `environment:`
    std::vector<ProcessSpec> processes;
    std::vector<Group> groups;
    std::vector<Socket> sockets;
    std::uint32_t max_unready = 0; // instances that may be starting at the same time; 0 = without limit
    HubSpec hub;
    MetricsSpec metrics;
    bool operator==(const AppSpec&) const = default;
};

} // namespace pandora::procfiles
