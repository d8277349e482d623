// What can be measured, as plain values. Whoever composes the program fills a Snapshot; the exporter turns it
// into text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pandora::metrics {

/// One running process as /proc shows it.
struct ProcessUsage {
    double cpu_seconds = 0; // user + system, since the process started
    std::uint64_t resident_bytes = 0;
    std::optional<std::uint64_t> open_fds = {}; // absent when we may not look, as into a setuid program
    std::uint64_t threads = 0;
};

/// One instance of a process of the procfile (or a built-in one, such as the hub).
struct InstanceSample {
    std::string process = {};
    std::uint32_t instance = 0; // 0-based
    std::string state = {};     // "ready", "backoff", ...
    bool up = false;            // it has a live process
    std::uint64_t restarts = 0; // since the master started
    std::optional<int> pid = {};
    std::optional<double> start_time_seconds = {}; // Unix time of the last start
    std::optional<ProcessUsage> usage = {};        // absent when it does not run, or /proc could not be read
};

/// Cumulative histogram of call durations; `counts[i]` is the number of calls <= `bounds_seconds[i]`, without
/// the +Inf bucket.
struct Histogram {
    std::vector<double> bounds_seconds = {};
    std::vector<std::uint64_t> counts = {};
    std::uint64_t count = 0;
    double sum_seconds = 0;
};

struct LabelledCount {
    std::string label = {};
    std::uint64_t count = 0;
};

/// What the hub has to do with one process: all its connections together.
struct HubProcessSample {
    std::string process = {};
    std::uint64_t connections = 0;                        // open now
    std::uint64_t queued_bytes = 0;                       // for it, now
    std::uint64_t calls_outstanding = 0;                  // that it was given and has not answered yet
    std::vector<LabelledCount> calls_total = {};          // that it was given, by outcome
    std::vector<LabelledCount> dropped_frames_total = {}; // of what it sent, or was to be sent, by reason
};

struct HubSample {
    std::uint64_t connections = 0; // open now
    std::uint64_t connections_total = 0;
    std::uint64_t objects = 0; // published now
    std::uint64_t frames_received_total = 0;
    std::uint64_t frames_sent_total = 0;
    std::uint64_t bytes_received_total = 0;
    std::uint64_t bytes_sent_total = 0;
    std::uint64_t queued_bytes = 0; // in all outboxes now
    std::uint64_t calls_in_flight = 0;
    std::uint64_t parked_calls = 0;             // those that wait for a process to come back
    std::uint64_t draining_instances = 0;       // kept from new calls before they are stopped
    std::uint64_t unresponsive_connections = 0; // that give no sign of life
    std::uint64_t subscriptions = 0;
    std::uint64_t channels = 0;                           // direct ones, between two clients
    std::uint64_t channel_calls_total = 0;                // that went through them, as their callers tell
    std::vector<LabelledCount> calls_total = {};          // by outcome: ok, no_route, peer_gone, deadline, busy, ...
    std::vector<LabelledCount> dropped_frames_total = {}; // by reason
    std::vector<LabelledCount> disconnects_total = {};    // by reason
    std::vector<HubProcessSample> processes = {};
    Histogram call_duration = {};
};

/// Whether there is a supervisor to ask, and whether it answered. `down`: `instances` may be stale or empty.
enum class Supervisor : std::uint8_t { none, down, up };

/// Everything of one app at one time. `instances` is empty for a hub that runs alone.
struct Snapshot {
    std::string app = {};
    Supervisor supervisor = Supervisor::down;
    std::vector<InstanceSample> instances = {};
    HubSample hub = {};
};

} // namespace pandora::metrics
