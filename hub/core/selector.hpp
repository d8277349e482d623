// What a client calls itself, its objects, and those it wants to reach: six keys, compared as JavaScript's
// === would.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pandora::hub::core {

/// The keys that route, in the order in which the index tries them: the one that tells most apart comes
/// first. `tag` routes although published objects carry `objectTag`: that is the dialect (PROTOCOL.md).
enum class Key : std::uint8_t { object_name, client_id, pid, process_name, app_name, tag };
inline constexpr std::size_t key_count = 6;

/// One value of a selector, in a form in which equal text means === in JavaScript.
struct MatchValue {
    enum class Kind : std::uint8_t {
        falsy,  // absent, null, false, 0, "": matches anything when asked for, nothing when stored
        string, // text: the unescaped string
        number, // text: shortest decimal form of the double
        true_value,
        unequal, // an object or array: truthy, and equal to nothing but itself
    };
    Kind kind = Kind::falsy;
    std::string text;

    bool operator==(const MatchValue&) const = default;
};

/// Whether a stored value satisfies what is asked for.
inline bool satisfies(const MatchValue& asked, const MatchValue& stored)
{
    if (asked.kind == MatchValue::Kind::falsy) return true;
    return asked.kind != MatchValue::Kind::unequal && asked == stored;
}

struct Selector {
    std::array<MatchValue, key_count> values;
    MatchValue object_tag; // prefers among providers, never excludes one

    const MatchValue& operator[](Key key) const { return values[static_cast<std::size_t>(key)]; }

    MatchValue& operator[](Key key) { return values[static_cast<std::size_t>(key)]; }

    /// Whether nothing is asked for, as in {}.
    bool all_falsy() const;
};

/// Reads validated JSON into `into`, whose memory is used again. Anything but an object asks for nothing.
void parse_selector(std::string_view raw, Selector& into);

/// Whether every key asked for is satisfied.
bool matches(const Selector& asked, const Selector& stored);

/// The published object's name, empty where the selector names none (or not by a string).
std::string_view object_named(const Selector& selector);

/// The selector, as JSON, that asks for nothing but an object of that name.
std::string selector_of_object(std::string_view object);

} // namespace pandora::hub::core
