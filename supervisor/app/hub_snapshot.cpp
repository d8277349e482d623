#include "supervisor/app/hub_snapshot.hpp"

#include <map>
#include <string>
#include <utility>

namespace pandora::supervisor::app {

namespace {

std::vector<metrics::LabelledCount> to_counts(const std::vector<hub::Counted>& counted)
{
    std::vector<metrics::LabelledCount> out;
    for (const auto& [label, count] : counted) out.push_back({label, count});
    return out;
}

/// Of the app's workers; what strangers and pandora itself have is in the totals.
std::vector<metrics::HubProcessSample> to_processes(const hub::Stats& stats,
                                                    const std::vector<hub::ClientInfo>& clients)
{
    std::map<std::string, metrics::HubProcessSample> found;
    for (const auto& [process, calls, dropped] : stats.by_process) {
        found[process].calls_total = to_counts(calls);
        found[process].dropped_frames_total = to_counts(dropped);
    }
    for (const auto& client : clients) {
        if (client.builtin || client.identity.process.empty()) continue;
        auto& sample = found[client.identity.process];
        ++sample.connections;
        sample.queued_bytes += client.queued_bytes;
        sample.calls_outstanding += client.outstanding;
    }
    std::vector<metrics::HubProcessSample> samples;
    for (auto& [process, sample] : found) {
        if (process.empty()) continue;
        sample.process = process;
        samples.push_back(std::move(sample));
    }
    return samples;
}

} // namespace

metrics::HubSample to_sample(const hub::Stats& stats, const std::vector<hub::ClientInfo>& clients)
{
    return {.connections = stats.connections,
            .connections_total = stats.connections_total,
            .objects = stats.objects,
            .frames_received_total = stats.frames_received,
            .frames_sent_total = stats.frames_sent,
            .bytes_received_total = stats.bytes_received,
            .bytes_sent_total = stats.bytes_sent,
            .queued_bytes = stats.queued_bytes,
            .calls_in_flight = stats.calls_in_flight,
            .parked_calls = stats.parked_calls,
            .draining_instances = stats.draining_instances,
            .unresponsive_connections = stats.unresponsive_clients,
            .subscriptions = stats.subscriptions,
            .channels = stats.channels,
            .channel_calls_total = stats.channel_calls,
            .calls_total = to_counts(stats.calls),
            .dropped_frames_total = to_counts(stats.dropped),
            .disconnects_total = to_counts(stats.disconnects),
            .processes = to_processes(stats, clients),
            .call_duration = {.bounds_seconds = stats.call_bounds_seconds,
                              .counts = stats.call_counts,
                              .count = stats.call_count,
                              .sum_seconds = stats.call_seconds_sum}};
}

metrics::InstanceSample to_sample(const control::InstanceView& view)
{
    metrics::InstanceSample sample{.process = view.process,
                                   .instance = view.instance,
                                   .state = view.state,
                                   .up = view.up,
                                   .restarts = view.restarts,
                                   .pid = view.pid,
                                   .start_time_seconds = view.start_time};
    if (view.usage)
        sample.usage = metrics::ProcessUsage{.cpu_seconds = view.usage->cpu_seconds,
                                             .resident_bytes = view.usage->resident_bytes,
                                             .open_fds = view.usage->open_fds,
                                             .threads = view.usage->threads};
    return sample;
}

} // namespace pandora::supervisor::app
