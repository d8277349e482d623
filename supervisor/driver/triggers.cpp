#include "supervisor/driver/triggers.hpp"

#include "supervisor/core/overloaded.hpp"
#include "supervisor/os/time_zone.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace pandora::supervisor {

using core::ProcessId;
using core::WallTime;

Triggers::Triggers(boost::asio::io_context& io, const core::Fleet& fleet, Host& host, Report report)
    : io_{io}, host_{host}, report_{std::move(report)}
{
    for (std::uint32_t n = 0; n < fleet.size(); ++n) {
        const ProcessId process{n};
        const auto& spec = fleet.member(process).spec;
        try {
            if (spec.schedule) {
                const auto& zone = spec.schedule->time_zone;
                const auto loaded = os::load_time_zone(zone);
                auto schedule = *spec.schedule;
                schedule.run_on_start = false; // the fleet's: that run waits for its dependencies
                core::ScheduleClock clock{schedule, loaded, std::chrono::system_clock::now()};
                schedules_.emplace(process, Scheduled{zone, loaded, std::move(clock)});
            }
            if (spec.watch) watch(process, *spec.watch);
        } catch (const std::exception& error) {
            throw std::runtime_error{"process " + spec.name + ": " + error.what()};
        }
    }
    if (schedules_.empty()) return;
    timer_.emplace(io_);
    wait_for_next_time();
}

Triggers::~Triggers() = default;

void Triggers::watch(ProcessId process, const procfiles::Watch& watch)
{
    watches_.emplace_back(io_, watch,
                          os::FileWatch::Handlers{
                              [this, process](const std::filesystem::path& first) {
                                  report_(core::FilesChanged{process, first.native()});
                              },
                              [this, process](const std::string& what) {
                                  host_.told({process, 0}, "watch: " + what);
                              },
                          });
}

void Triggers::wait_for_next_time()
{
    std::optional<WallTime> first;
    for (const auto& [process, scheduled] : schedules_)
        if (const auto next = scheduled.clock.next(); next && (!first || *next < *first)) first = next;
    timer_->wait(first, [this](const os::WallTimer::Woken& what) { woken(what); });
}

/// What was known of a zone stands where its file has gone.
core::TimeZone Triggers::reload(ProcessId process, core::TimeZone known, const std::string& name)
{
    try {
        return os::load_time_zone(name);
    } catch (const std::exception& error) {
        host_.told({process, 0}, std::string{"schedule: "} + error.what());
        return known;
    }
}

void Triggers::woken(const os::WallTimer::Woken& woken)
{
    const auto now = std::chrono::system_clock::now();
    std::vector<ProcessId> due;
    for (auto& [process, scheduled] : schedules_) {
        if (const auto* set = std::get_if<os::WallTimer::ClockSet>(&woken)) {
            scheduled.zone = reload(process, std::move(scheduled.zone), scheduled.time_zone);
            scheduled.clock.clock_set(now, set->by, scheduled.zone);
        }
        if (scheduled.clock.take_due(now)) due.push_back(process);
    }
    wait_for_next_time();
    for (const auto process : due) report_(core::ScheduleDue{process});
}

std::optional<WallTime> Triggers::next_time(ProcessId process) const
{
    const auto found = schedules_.find(process);
    return found == schedules_.end() ? std::nullopt : found->second.clock.next();
}

void Triggers::listen(ProcessId process)
{
    connections_.insert_or_assign(process, host_.listen(process, [this, process] {
        connections_.erase(process);
        report_(core::ConnectionWaiting{process});
    }));
}

void Triggers::stop()
{
    timer_.reset();
    watches_.clear();
    connections_.clear();
}

} // namespace pandora::supervisor
