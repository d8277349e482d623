// One thing that is wrong in a procfile, or will surprise its author.
#pragma once

#include "procfiles/spec.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace pandora::procfiles {

enum class Severity : std::uint8_t {
    error,   // the procfile cannot be used
    warning, // it can, but something in it does not do what it seems to ask for
};

/// `message` is one line that says what is wrong, with the names concerned, and stands behind
/// `FILE:LINE:COLUMN: `. What load() hands out names its file; inside the reading `place.file` does.
struct Problem {
    Place place;
    std::string message;
    Severity severity = Severity::error;
    std::filesystem::path file; // as the user named it

    bool operator==(const Problem&) const = default;
};

/// `FILE:LINE:COLUMN: MESSAGE`, with `warning: ` before the message of one; `FILE: MESSAGE` for a file as a whole.
std::string describe(const Problem& problem);

} // namespace pandora::procfiles
