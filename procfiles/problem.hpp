// One thing that is wrong in a procfile.
#pragma once

#include "procfiles/spec.hpp"

#include <string>

namespace pandora::procfiles {

/// `message` is one line that says what is wrong, with the names concerned, and stands behind
/// `FILE:LINE:COLUMN: `.
struct Problem {
    Place place;
    std::string message;
    auto operator<=>(const Problem&) const = default;
};

} // namespace pandora::procfiles
