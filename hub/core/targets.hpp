// Whom a selector reaches, remembered: the same client asks for the same thing again and again, and the route table
// changes seldom. Pure; one object a hub.
#pragma once

#include "hub/core/names.hpp"
#include "hub/core/routes.hpp"
#include "hub/core/selector.hpp"
#include "hub/core/text_map.hpp"

#include <cstdint>
#include <string>
#include <string_view>
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
    /// The first two outlive this object. `bytes_max`: when what it keeps is more, it forgets all: a client that never
    /// asks the same twice costs no more than without a memory, and none is charged for what serves all.
    Targets(const RouteTable& routes, const Names& names, std::size_t bytes_max)
        : routes_{routes}, names_{names}, bytes_max_{bytes_max}
    {}

    /// For a selector's validated JSON text. The answer holds until the next call of this object.
    const Target& of_text(std::string_view text);

    /// For a number that names_ knows as a selector's.
    const Target& of_number(NameNumber number);

    /// What it keeps; above bytes_max by one target at most.
    std::size_t bytes() const { return bytes_; }

private:
    struct Entry {
        Target target;
        std::uint64_t generation = 0; // of the route table, when it was looked up; 0 = never
    };

    void forget_if_too_much();
    void read(std::string_view text, Entry& entry);
    const Target& fresh(Entry& entry);

    const RouteTable& routes_;
    const Names& names_;
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::vector<Entry> by_number_;
    TextMap<Entry> by_text_;
};

} // namespace pandora::hub::core
