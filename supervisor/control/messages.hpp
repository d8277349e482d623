// What travels over the hub between the supervisor and those who ask it, as structs and as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pandora::supervisor::control {

using Json = nlohmann::ordered_json;

/// The object that the supervisor publishes on the hub.
inline constexpr const char* supervisor_object_name = "pandora.supervisor";

/// The hub's own object: hub/PROTOCOL.md, section 6.
inline constexpr const char* hub_object_name = "pandora.hub";

/// The process names of pandora's own connections; no procfile may name a process so.
inline constexpr const char* hub_process_name = "hub";
inline constexpr const char* supervisor_process_name = "pandora";

/// Its event: one StateChange.
inline constexpr const char* state_event_name = "state";

/// Readings of one process from /proc; see metrics::ProcessUsage for the units.
struct Usage {
    double cpu_seconds = 0;
    std::uint64_t resident_bytes = 0;
    std::optional<std::uint64_t> open_fds; // absent where they may not be counted
    std::uint64_t threads = 0;
};

/// One instance as `list` shows it. Times are Unix times in seconds; texts are one phrase for people, or empty.
struct InstanceView {
    std::string process;
    std::uint32_t instance = 0;
    bool builtin = false;
    std::string state;
    bool up = false;
    std::uint64_t restarts = 0;
    std::optional<int> pid;
    std::optional<double> start_time; // of the present run, or the last
    std::string last_end; // "exit 3", "SIGSEGV (core dumped)", "killed for memory"; empty before the first end
    std::optional<Usage> usage;
    std::string cause;                    // why it is in this state: "liveness failed 3x", "waiting for db"
    std::string health;                   // "passing", "failing", what readiness still waits for; empty = nobody looks
    std::string status;                   // what the worker says of itself (STATUS= of sd_notify)
    std::optional<double> next_start;     // when it starts by itself: the end of a backoff, the next due time
    std::vector<std::string> not_applied; // limits asked for that this machine does not grant, each with the reason
    bool rolling = false;                 // a rolling replace of its process is under way
    std::uint64_t runs = 0;               // how often it has been started; filled in by SupervisorObject
};

/// Whom a pid belongs to, as `who_is` answers.
struct Whose {
    std::string app;
    std::string process;
    std::uint32_t instance = 0;
};

/// One instance went from one state to another: the event `state`, and what `describe` remembers.
struct StateChange {
    std::string process;
    std::uint32_t instance = 0;
    std::string from;
    std::string to;
    double at = 0;      // Unix time, seconds
    std::string reason; // how it ended and why, as one phrase; may be empty
};

/// An accepted request, as the changing verbs answer: whom it concerns, as they were just before.
struct Accepted {
    struct Before {
        std::string process;
        std::uint32_t instance = 0;
        std::uint64_t runs = 0;
    };

    std::vector<Before> instances;
};

/// One process as `describe` shows it.
struct Description {
    std::string process;
    std::string spec; // what the procfile says of it, as YAML, without the values of its environment
    std::vector<InstanceView> instances;
    std::vector<StateChange> transitions; // the last ones, oldest first; filled in by SupervisorObject
};

/// One line that an instance wrote.
struct TailLine {
    std::uint64_t sequence = 0; // grows with every line of the instance
    std::uint32_t instance = 0;
    double at = 0;      // Unix time, seconds
    bool error = false; // written to standard error
    std::string text;   // without its newline; bytes that are no UTF-8 are replaced on the way
};

// from_json throws nlohmann::json::exception where members are missing.
void to_json(Json& json, const InstanceView& view);
void from_json(const Json& json, InstanceView& view);
void to_json(Json& json, const Whose& whose);
void from_json(const Json& json, Whose& whose);
void to_json(Json& json, const StateChange& change);
void from_json(const Json& json, StateChange& change);
void to_json(Json& json, const Accepted& accepted);
void from_json(const Json& json, Accepted& accepted);
void to_json(Json& json, const Description& description);
void from_json(const Json& json, Description& description);
void to_json(Json& json, const TailLine& line);
void from_json(const Json& json, TailLine& line);

} // namespace pandora::supervisor::control
