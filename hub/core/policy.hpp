// Who may do what: the app's own rules, of which the first that fits decides. Pure; one object a hub.
#pragma once

#include "hub/core/identity.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace pandora::hub::core {

/// What a client wants to do with an object: call it (methods, properties, introspection), publish it, hear its events.
enum class PolicyVerb : std::uint8_t { call, publish, subscribe };

/// The process pattern of clients behind which no supervised process stands. No process can be called so.
inline constexpr std::string_view stranger_pattern = "-";

/// One rule. A list without entries leaves the matter open: any verb, object, name, process or user. Patterns are
/// globs (glob.hpp).
struct Rule {
    bool allow = true;
    std::optional<PolicyVerb> verb;     // nullopt: any
    std::vector<std::string> objects;   // "": messages that name no object
    std::vector<std::string> names;     // of methods, properties and events; "": introspection, publishing
    std::vector<std::string> processes; // globs of supervised ones; stranger_pattern
    std::vector<uid_t> users;
    bool operator==(const Rule&) const = default;
};

/// What the rules say: `unsaid` where none of them fits, which allows what is not forbidden by nature.
enum class Ruling : std::uint8_t { unsaid, allowed, denied };

class Policy {
public:
    Policy() = default;
    explicit Policy(std::vector<Rule> rules);

    /// Without rules everything is unsaid, at no cost.
    bool empty() const { return rules_.empty(); }

    /// `name`: the method, property or event; empty where there is none. Where one subscribes, a name that ends in `*`
    /// stands for all events that begin so, and an empty one for all: that is denied if it could bring any that is.
    /// Decisions are remembered, so that one costs a hash and a comparison.
    Ruling ruling(PolicyVerb verb, const Identity& who, std::string_view object, std::string_view name);

    /// Whether nothing that one could call of the object is denied.
    bool allows_every_call(const Identity& who, std::string_view object) const;

    bool allows(PolicyVerb verb, const Identity& who, std::string_view object, std::string_view name)
    {
        return empty() || ruling(verb, who, object, name) != Ruling::denied;
    }

private:
    /// All that a decision depends on.
    struct Question {
        PolicyVerb verb;
        uid_t uid;
        std::string_view process, object, name;
    };

    /// Where questions of one hash are remembered; a later one of the same hash takes the place. So the worst that a
    /// client can do by clever names is to have each of them looked up.
    struct Decision {
        std::string process, object, name;
        uid_t uid = 0;
        PolicyVerb verb{};
        bool made = false;
        Ruling ruling{};
    };

    static std::size_t hash(const Question& question);
    static bool answers(const Decision& decision, const Question& question);
    Ruling decide(const Question& question) const;

    std::vector<Rule> rules_;
    std::vector<Decision> decisions_;
};

} // namespace pandora::hub::core
