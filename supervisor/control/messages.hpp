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

/// Readings of one process from /proc; see metrics::ProcessUsage for the units.
struct Usage {
    double cpu_seconds = 0;
    std::uint64_t resident_bytes = 0;
    std::optional<std::uint64_t> open_fds; // absent where they may not be counted
    std::uint64_t threads = 0;
};

/// One instance as `list` shows it.
struct InstanceView {
    std::string process;
    std::uint32_t instance = 0;
    bool builtin = false;
    std::string state;
    bool up = false;
    std::uint64_t restarts = 0;
    std::optional<int> pid;
    std::optional<double> start_time; // Unix time, seconds
    std::string last_end;             // "exit 3", "SIGSEGV"; empty before the first end
    std::optional<Usage> usage;
};

/// Whom a pid belongs to, as `who_is` answers.
struct Whose {
    std::string app;
    std::string process;
    std::uint32_t instance = 0;
};

void to_json(Json& json, const InstanceView& view);
void from_json(const Json& json, InstanceView& view); // throws nlohmann::json::exception where members are missing
void to_json(Json& json, const Whose& whose);
void from_json(const Json& json, Whose& whose);

} // namespace pandora::supervisor::control
