// Whom a selector reaches, remembered: the same client asks for the same thing again and again, and the route table
// changes seldom. Pure; one object a hub.
#pragma once

#include "hub/core/names.hpp"
#include "hub/core/routes.hpp"
#include "hub/core/selector.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pandora::hub::core {

struct Target {
    Selector asked;
    std::vector<Found> found; // as RouteTable::select() answers
    std::size_t fitting = 0;  // of these, the first so many have the best fit that there is
    NameNumber number = 0;    // of the selector's text, where it has one

    std::string_view object() const { return object_named(asked); }
};

class Targets {
public:
    /// Both outlive this object.
    Targets(RouteTable& routes, const Names& names) : routes_{routes}, names_{names} {}

    /// For a selector's validated JSON text. The answer holds until the next call of this object.
    const Target& of_text(std::string_view text);

    /// For a number that names_ knows as a selector's.
    const Target& of_number(NameNumber number);

private:
    struct Entry {
        Target target;
        std::uint64_t generation = 0; // of the route table, when it was looked up; 0 = never
    };

    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    const Target& fresh(Entry& entry);

    RouteTable& routes_;
    const Names& names_;
    std::vector<Entry> by_number_;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> by_text_;
};

/// Texts remembered; one more, and all are forgotten: a client that never asks the same twice costs no more than
/// without a memory. Choice: many times what an app has objects.
inline constexpr std::size_t remembered_max = 4096;

} // namespace pandora::hub::core
