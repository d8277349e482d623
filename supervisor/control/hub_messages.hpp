// What supervisor and hub tell each other over the link, as plain structs and as JSON. The link is the connection that
// the supervisor set up itself; nobody else can send these.
#pragma once

#include "supervisor/control/messages.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::control {

/// What is to be expected of an instance.
enum class Prospect : std::uint8_t {
    serving,
    returning, // down or on its way up, and meant to serve again
    leaving,   // being stopped, and not to come back
    gone,      // down, and not to come back by itself
};

std::string_view name_of(Prospect prospect);

/// What a rule of the app's policy is about.
enum class PolicyVerb : std::uint8_t { any, call, publish, subscribe };

std::string_view name_of(PolicyVerb verb);

/// What has become of one instance: the hub answers for it while it is away.
struct InstanceNews {
    std::string process;
    std::uint32_t instance = 0;
    Prospect prospect = Prospect::serving;
    bool ready = false; // all that its procfile calls ready has happened
    std::string cause;  // one phrase for people: "crashed: SIGSEGV; restarting in 400 ms"; empty where it serves
    bool operator==(const InstanceNews&) const = default;
};

/// One rule of the app's policy: the first that fits decides. Lists hold patterns with `*` and `?`; an empty one fits
/// everything.
struct PolicyRule {
    bool allow = true;
    PolicyVerb verb = PolicyVerb::any;
    std::vector<std::string> processes; // who asks; "-" is a connection of no process
    std::vector<uid_t> users;
    std::vector<std::string> objects;
    std::vector<std::string> names; // of methods and events
    bool operator==(const PolicyRule&) const = default;
};

/// All that a hub has to know before it serves anybody.
struct AppKnowledge {
    std::map<std::string, std::vector<std::string>> promises; // by process: the objects that it is to publish
    std::vector<PolicyRule> policy;
    bool strict = false;
    std::vector<InstanceNews> instances;
};

/// A piece of the config manager's journal, to be kept for the next hub. Pieces hold whole lines. From one that
/// `begins` to one that `ends`, both included, they say again all that the pieces before them have said.
struct ConfigPiece {
    std::string text;
    bool begins = false;
    bool ends = false;
    bool operator==(const ConfigPiece&) const = default;
};

/// The bytes of a piece, beyond which there are more; a line may be longer. Choice: far below the largest frame.
inline constexpr std::size_t config_piece_bytes = 1024 * 1024;

/// A worker gives the hub no sign of life although it should, or does so again.
struct HubComplaint {
    std::string process;
    std::uint32_t instance = 0;
    pid_t pid = 0; // whose connection it is: the worker's own process, or a descendant
    bool unresponsive = false;
    std::chrono::milliseconds lasted{}; // so far, or in all
};

// from_json throws nlohmann::json::exception where members are missing or of another kind, and std::invalid_argument
// for a word that is none.
void to_json(Json& json, const InstanceNews& news);
void from_json(const Json& json, InstanceNews& news);
void to_json(Json& json, const PolicyRule& rule);
void from_json(const Json& json, PolicyRule& rule);
void to_json(Json& json, const AppKnowledge& app);
void from_json(const Json& json, AppKnowledge& app);
void to_json(Json& json, const ConfigPiece& piece);
void from_json(const Json& json, ConfigPiece& piece);
void to_json(Json& json, const HubComplaint& complaint);
void from_json(const Json& json, HubComplaint& complaint);

} // namespace pandora::supervisor::control
