#include "supervisor/os/survivor_plan.hpp"

#include <algorithm>
#include <csignal>

namespace pandora::supervisor::os {

namespace {

bool same_process(const Survivor& a, const Survivor& b) { return a.pid == b.pid && a.start_time == b.start_time; }

} // namespace

std::string describe(const Survivor& survivor)
{
    auto text = "pid " + std::to_string(survivor.pid) + " (" + survivor.command + ")";
    if (survivor.process.empty()) return text;
    const auto instance = survivor.instance.empty() ? "" : "/" + survivor.instance;
    return survivor.process + instance + ": " + text;
}

SurvivorPlan::SurvivorPlan(Patience patience, Clock::time_point now)
    : patience_{patience}, kill_at_{now + patience.grace}
{}

void SurvivorPlan::hurry(Clock::time_point now) { kill_at_ = std::min(kill_at_, now); }

SurvivorPlan::Step SurvivorPlan::next(const std::vector<Survivor>& alive, Clock::time_point now)
{
    newcomers_.clear();
    for (const auto& survivor : alive)
        if (std::ranges::none_of(known_, [&](const Survivor& known) { return same_process(known, survivor); }))
            newcomers_.push_back(survivor);
    known_ = alive;

    Step step;
    if (alive.empty() || now >= kill_at_ + patience_.after_kill) return step;
    const bool kill = now >= kill_at_;
    for (const auto& survivor : kill ? alive : newcomers_)
        step.orders.push_back({survivor, kill ? std::vector{SIGKILL} : std::vector{SIGTERM, SIGCONT}});
    step.again = patience_.between_looks;
    return step;
}

} // namespace pandora::supervisor::os
