#include "hub/numbers.hpp"

#include <string>
#include <utility>

namespace pandora::hub {

namespace {

template <class Enum, std::size_t count>
std::vector<Counted> counted(const core::CounterSet<Enum, count>& counters)
{
    std::vector<Counted> out;
    counters.each([&](Enum which, std::uint64_t n) { out.push_back({std::string{core::name_of(which)}, n}); });
    return out;
}

} // namespace

Stats stats_of(const core::Router& router)
{
    const core::Counters& counters = router.counters();
    Stats stats;
    stats.connections = router.connections();
    stats.connections_total = counters.connections_total;
    stats.objects = router.objects();
    stats.frames_received = counters.frames_received;
    stats.frames_sent = counters.frames_sent;
    stats.bytes_received = counters.bytes_received;
    stats.bytes_sent = counters.bytes_sent;
    stats.queued_bytes = router.queued_bytes();
    stats.calls_in_flight = router.calls_in_flight();
    stats.parked_calls = router.parked();
    stats.draining_instances = router.draining();
    stats.unresponsive_clients = router.unresponsive();
    stats.subscriptions = router.subscriptions();
    stats.channels = router.channels();
    stats.channel_calls = router.channel_calls();
    for (const auto& [process, ends] : counters.by_process)
        stats.by_process.push_back({process, counted(ends), counted(counters.dropped_by_process.at(process))});
    stats.calls = counted(counters.calls);
    stats.dropped = counted(counters.dropped);
    stats.disconnects = counted(counters.disconnects);
    const auto& histogram = counters.call_duration;
    const auto counts = histogram.cumulative();
    stats.call_bounds_seconds.assign(histogram.bounds_seconds.begin(), histogram.bounds_seconds.end());
    stats.call_counts.assign(counts.begin(), counts.end());
    stats.call_count = histogram.count();
    stats.call_seconds_sum = histogram.sum_seconds();
    return stats;
}

std::vector<Route> routes_of(const core::Router& router)
{
    std::vector<Route> out;
    for (auto& route : router.routes())
        out.push_back({std::move(route.client), std::move(route.identity), route.reach != Reach::ordinary,
                       route.draining, std::move(route.selectors)});
    return out;
}

} // namespace pandora::hub
