// Whether what was asked for has come true. Pure.
#pragma once

#include "supervisor/control/messages.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace pandora::supervisor::cli {

/// Each instance of the request runs, or has run to its end.
struct Started {};

/// None of them runs.
struct Stopped {};

/// Each of them runs anew.
struct Restarted {};

/// Each of them runs anew, replaced by one that was ready before.
struct Rolled {
    std::map<std::string, std::string> failures{}; // of each process the last that was heard of: "web/1 failed: exit 3"
};

/// None of those that ran is on its way from one state to another, or being replaced.
struct Reloaded {
    std::vector<control::InstanceView> before{}; // a list from before the request
};

/// The process has so many instances.
struct Scaled {
    std::string process;
    std::uint32_t replicas = 0;
};

using Goal = std::variant<Started, Stopped, Restarted, Rolled, Reloaded, Scaled>;

/// What became of one instance, as a line for people: "web/0 ready, pid 17".
struct Line {
    std::string text;
    bool good = true;
    bool operator==(const Line&) const = default;
};

/// Still on the way.
struct Underway {
    std::string who; // "web/0 (stopping), web/1 (starting)"
};

/// Nothing more will come of the request by itself.
using Outcome = std::vector<Line>;

/// `before`: how the supervisor accepted the request. `now`: a later list.
std::variant<Outcome, Underway> look(const Goal& goal, const control::Accepted& before,
                                     const std::vector<control::InstanceView>& now);

} // namespace pandora::supervisor::cli
