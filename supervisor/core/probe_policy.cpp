#include "supervisor/core/probe_policy.hpp"

#include <algorithm>
#include <cassert>

namespace pandora::supervisor::core {

ProbePolicy::ProbePolicy(const procfiles::Probe& probe, TimePoint start)
    : period_{probe.period}, success_threshold_{std::max(probe.success_threshold, 1U)},
      failure_threshold_{std::max(probe.failure_threshold, 1U)}, due_{start + probe.initial_delay}
{}

void ProbePolicy::began(TimePoint now)
{
    assert(due_ && "one attempt at a time");
    due_.reset();
    began_ = now;
}

std::optional<ProbeState> ProbePolicy::answered(bool passed, TimePoint now)
{
    assert(!due_ && "an answer belongs to an attempt");
    due_ = std::max(began_ + period_, now);
    passes_ = passed ? std::min(passes_ + 1, success_threshold_) : 0; // what lies beyond a threshold tells nothing,
    failures_ = passed ? 0 : failures_ + (failures_ < UINT32_MAX);    // but how often it failed does to people
    const auto before = state_;
    state_ = verdict();
    if (state_ == before) return std::nullopt;
    return state_;
}

ProbeState ProbePolicy::verdict() const
{
    if (passes_ >= success_threshold_) return ProbeState::passing;
    if (failures_ >= failure_threshold_) return ProbeState::failing;
    return state_;
}

} // namespace pandora::supervisor::core
