// A rolling replace of one process: every instance is replaced by a new run, while enough others are ready.
//
// Instances beyond the usual number (`max_surge`) come first, under the next higher indexes: only once these are ready,
// or within `max_unavailable`, is an old one stopped and started anew in its place. So an index never has two lives,
// and it keeps what depends on it (ports, folders). What is not ready costs nothing: it is replaced first. Where a new
// run fails, or is not ready in time, the surge is taken back and what has not been replaced yet stays as it is.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/core/actions.hpp"
#include "supervisor/core/ids.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pandora::supervisor::core {

/// One instance as the rollout sees it.
struct Slot {
    Run run{};
    State state{};
};

/// Run so many instances: more than before for the surge, as before to take it back.
struct Resize {
    std::uint32_t replicas = 0;
    bool operator==(const Resize&) const = default;
};

struct Replace {
    std::uint32_t index = 0;
    bool operator==(const Replace&) const = default;
};

/// The rollout is over.
struct RolledOut {
    bool operator==(const RolledOut&) const = default;
};

struct RolledBack {
    std::string why;
    bool operator==(const RolledBack&) const = default;
};

using RolloutOrder = std::variant<Resize, Replace, RolledOut, RolledBack>;

/// One object a rollout. Pure; `now` never decreases.
class Rollout {
public:
    /// `slots`: the instances as they are. `patience`: how long a new one may take to get ready.
    Rollout(const procfiles::Rollout& rule, const std::vector<Slot>& slots, Millis patience);

    /// What is to be done next, given the instances as they are now. To be asked whenever one of them has changed, and
    /// at deadline(). After RolledOut or RolledBack the object is of no use any more.
    std::vector<RolloutOrder> next(const std::vector<Slot>& slots, TimePoint now);

    std::optional<TimePoint> deadline() const;

    /// How many instances there are when no rollout is under way.
    std::uint32_t replicas() const { return static_cast<std::uint32_t>(places_.size()); }

private:
    struct Place {
        Run old{};
        std::optional<TimePoint> ordered; // when its replacement was
        bool renewed = false;             // its replacement has got ready
    };

    void note_what_is_ready(const std::vector<Slot>& slots);
    std::optional<std::string> failure(const std::vector<Slot>& slots, TimePoint now) const;
    std::ptrdiff_t allowance(const std::vector<Slot>& slots) const;
    void replace(const std::vector<Slot>& slots, TimePoint now, std::vector<RolloutOrder>& orders);

    std::uint32_t surge_;
    std::uint32_t unavailable_;
    Millis patience_;
    std::vector<Place> places_;
    std::optional<TimePoint> surged_; // when the surge was ordered
    bool surge_ready_ = false;
};

} // namespace pandora::supervisor::core
