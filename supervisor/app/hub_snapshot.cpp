#include "supervisor/app/hub_snapshot.hpp"

namespace pandora::supervisor::app {

namespace {

std::vector<metrics::LabelledCount> to_counts(const std::vector<hub::Counted>& counted)
{
    std::vector<metrics::LabelledCount> out;
    for (const auto& [label, count] : counted) out.push_back({label, count});
    return out;
}

} // namespace

metrics::HubSample to_sample(const hub::Stats& stats)
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
            .calls_total = to_counts(stats.calls),
            .dropped_frames_total = to_counts(stats.dropped),
            .disconnects_total = to_counts(stats.disconnects),
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
