// What the supervisor can be asked to do, once the words of the caller have been understood.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pandora::supervisor::control {

/// Instances of one process that exist: one of them, or all.
struct Target {
    std::string process;
    std::optional<std::uint32_t> index; // absent = all its instances
    bool operator==(const Target&) const = default;
};

/// Never empty; no instance is named twice.
using Targets = std::vector<Target>;

/// Starts what is down, also what is disabled or has given up, and at once what waits for its delay; it has its
/// restarts anew. What runs already stays as it is.
struct StartRequest {
    Targets targets;
};

/// Stops, and keeps down until a start is asked for.
struct StopRequest {
    Targets targets;
};

/// Stops what runs and starts it again; starts what is down. `rolling`: each new instance is ready before its old one
/// goes, by the process' `rollout`.
struct RestartRequest {
    Targets targets;
    bool rolling = false;
};

/// Makes what runs take on its configuration anew, in the way its procfile names.
struct ReloadRequest {
    Targets targets;
};

struct ScaleRequest {
    std::string process;
    std::uint32_t replicas = 0;
};

/// Sends a signal to the leaders of what runs. The signal's number is one that the kernel knows.
struct SignalRequest {
    Targets targets;
    int signal = 0;
};

using Request = std::variant<StartRequest, StopRequest, RestartRequest, ReloadRequest, ScaleRequest, SignalRequest>;

/// Why nothing was done: one sentence for whoever asked, without a full stop.
struct Refused {
    std::string why;
    bool operator==(const Refused&) const = default;
};

/// The last lines that instances wrote.
struct TailRequest {
    Target target;
    std::size_t lines = 0;              // at most so many, the youngest
    std::optional<std::uint64_t> after; // only lines of a higher sequence number
};

/// A process as callers may name it.
struct KnownProcess {
    std::string name;
    std::vector<std::string> namespaces;
    std::vector<std::uint32_t> instances; // the indexes that exist, ascending
    bool builtin = false;
    std::vector<std::uint32_t> leaving; // those of `instances` that have been scaled away, and end; ascending
};

} // namespace pandora::supervisor::control
