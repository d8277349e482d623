#include "supervisor/core/restart_policy.hpp"

#include <algorithm>
#include <cmath>

namespace pandora::supervisor::core {

using procfiles::Restart;

bool RestartPolicy::wants_restart(bool good) const
{
    switch (rule_.restart) {
    case Restart::no:
    case Restart::exit_on_failure: return false;
    case Restart::on_failure: return !good;
    case Restart::always: return true;
    }
    return false;
}

Millis RestartPolicy::next_delay()
{
    if (rule_.backoff == Millis::zero()) return Millis::zero(); // 0 x infinity below would not be a number
    const double growth = std::pow(rule_.backoff_multiplier, restarts_in_a_row_);
    const double wanted = static_cast<double>(rule_.backoff.count()) * growth;
    const double capped = std::min(wanted, static_cast<double>(rule_.backoff_max.count()));
    std::uniform_real_distribution<double> spread{-rule_.backoff_jitter, rule_.backoff_jitter};
    return Millis{static_cast<Millis::rep>(capped * (1.0 + spread(random_)))};
}

Verdict RestartPolicy::on_end(const RunEnd& end, TimePoint now)
{
    if (rule_.exit_on_end) return EndApp{};
    if (rule_.restart == Restart::exit_on_failure && !end.good) return EndApp{};
    if (!wants_restart(end.good)) return StayDown{};

    if (rule_.max_restarts > 0) {
        std::erase_if(recent_, [&](TimePoint at) { return at + rule_.restart_window <= now; });
        if (recent_.size() >= rule_.max_restarts) return GiveUp{};
        recent_.push_back(now);
    }
    if (end.ran_for >= rule_.reset_after) restarts_in_a_row_ = 0;
    const auto delay = next_delay();
    ++restarts_in_a_row_;
    return RestartAfter{end.began ? delay : std::max(delay, failed_start_delay_min)};
}

} // namespace pandora::supervisor::core
