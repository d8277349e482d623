// When a probe is tried, and what its answers amount to.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/core/ids.hpp"

#include <cstdint>
#include <optional>

namespace pandora::supervisor::core {

enum class ProbeState : std::uint8_t {
    unknown, // neither threshold has been reached yet
    passing, // success_threshold attempts in a row have passed, and fewer than failure_threshold have failed since
    failing, // failure_threshold attempts in a row have failed, and fewer than success_threshold have passed since
};

/// One object per probe and run. The first attempt begins `initial_delay` after `start`; each further one `period`
/// after the one before it began, or as soon as that has answered where it took longer: attempts never overlap.
/// Kubernetes' semantics, and what process-compose documents. Pure; times never decrease from call to call.
class ProbePolicy {
public:
    ProbePolicy(const procfiles::Probe& probe, TimePoint start);

    /// When the next attempt is to begin; nullopt while one is under way. May lie in the past: then it is due now.
    std::optional<TimePoint> due() const { return due_; }

    /// An attempt is under way. Only when none was.
    void began(TimePoint now);

    /// The attempt under way passed, or failed (which a timeout is, too). Returns the new state where this changed it.
    std::optional<ProbeState> answered(bool passed, TimePoint now);

    ProbeState state() const { return state_; }

    /// Failed attempts in a row, the last one included; 0 once one has passed.
    std::uint32_t failures() const { return failures_; }

private:
    ProbeState verdict() const;

    Millis period_;
    std::uint32_t success_threshold_;
    std::uint32_t failure_threshold_;
    std::optional<TimePoint> due_;
    TimePoint began_{};
    ProbeState state_ = ProbeState::unknown;
    std::uint32_t passes_ = 0; // in a row
    std::uint32_t failures_ = 0;
};

} // namespace pandora::supervisor::core
