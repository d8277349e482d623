#include "metrics/exporter.hpp"

#include "metrics/label_text.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <cassert>
#include <optional>
#include <utility>

namespace pandora::metrics {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;
using Labels = std::vector<ClientMetric::Label>;

struct InstanceMetric {
    const char* name;
    const char* help;
    MetricType type;
    std::optional<double> (*value)(const InstanceSample&); // nullopt: no series for this instance
};

/// The row's value is a member of the instance's usage, if it has one.
template <auto Member>
std::optional<double> from_usage(const InstanceSample& sample)
{
    if (!sample.usage) return std::nullopt;
    return static_cast<double>((*sample.usage).*Member);
}

std::optional<double> open_fds(const InstanceSample& sample)
{
    if (!sample.usage || !sample.usage->open_fds) return std::nullopt;
    return static_cast<double>(*sample.usage->open_fds);
}

// Help texts hold no line break: the serializer does not escape them.
constexpr InstanceMetric instance_metrics[] = {
    {"pandora_process_up", "Whether the instance has a live process.", MetricType::Gauge,
     [](const InstanceSample& sample) -> std::optional<double> { return sample.up ? 1 : 0; }},
    {"pandora_process_restarts_total", "Restarts since the supervisor started.", MetricType::Counter,
     [](const InstanceSample& sample) -> std::optional<double> { return static_cast<double>(sample.restarts); }},
    {"pandora_process_start_time_seconds", "Unix time of the last start.", MetricType::Gauge,
     [](const InstanceSample& sample) { return sample.start_time_seconds; }},
    {"pandora_process_cpu_seconds_total", "User and system CPU time since the last start.", MetricType::Counter,
     from_usage<&ProcessUsage::cpu_seconds>},
    {"pandora_process_resident_memory_bytes", "Resident memory.", MetricType::Gauge,
     from_usage<&ProcessUsage::resident_bytes>},
    {"pandora_process_open_fds", "Open file descriptors.", MetricType::Gauge, open_fds},
    {"pandora_process_threads", "Threads.", MetricType::Gauge, from_usage<&ProcessUsage::threads>},
};

struct HubMetric {
    const char* name;
    const char* help;
    MetricType type;
    std::uint64_t HubSample::*value;
};

constexpr HubMetric hub_metrics[] = {
    {"pandora_hub_connections", "Open connections.", MetricType::Gauge, &HubSample::connections},
    {"pandora_hub_accepted_connections_total", "Connections accepted.", MetricType::Counter,
     &HubSample::connections_total},
    {"pandora_hub_objects", "Objects published at present.", MetricType::Gauge, &HubSample::objects},
    {"pandora_hub_received_frames_total", "Frames received from clients.", MetricType::Counter,
     &HubSample::frames_received_total},
    {"pandora_hub_sent_frames_total", "Frames sent to clients.", MetricType::Counter, &HubSample::frames_sent_total},
    {"pandora_hub_received_bytes_total", "Bytes received from clients.", MetricType::Counter,
     &HubSample::bytes_received_total},
    {"pandora_hub_sent_bytes_total", "Bytes sent to clients.", MetricType::Counter, &HubSample::bytes_sent_total},
    {"pandora_hub_queued_bytes", "Bytes that wait to be sent, in the queues of all connections.", MetricType::Gauge,
     &HubSample::queued_bytes},
    {"pandora_hub_calls_in_flight", "Calls that wait for their answer.", MetricType::Gauge,
     &HubSample::calls_in_flight},
    {"pandora_hub_parked_calls", "Calls that wait for a process to come back.", MetricType::Gauge,
     &HubSample::parked_calls},
    {"pandora_hub_draining_instances", "Instances that get no new calls because they are about to be stopped.",
     MetricType::Gauge, &HubSample::draining_instances},
    {"pandora_hub_unresponsive_connections", "Connections that give no sign of life.", MetricType::Gauge,
     &HubSample::unresponsive_connections},
    {"pandora_hub_subscriptions", "Subscriptions to events.", MetricType::Gauge, &HubSample::subscriptions},
    {"pandora_hub_channels", "Direct channels between two clients.", MetricType::Gauge, &HubSample::channels},
    {"pandora_hub_channel_calls_total", "Calls through direct channels, as their callers tell.", MetricType::Counter,
     &HubSample::channel_calls_total},
};

template <class Sample>
struct LabelledMetric {
    const char* name;
    const char* help;
    const char* label;
    std::vector<LabelledCount> Sample::*counts;
};

constexpr LabelledMetric<HubSample> labelled_hub_metrics[] = {
    {"pandora_hub_calls_total", "Calls that ended, by outcome.", "outcome", &HubSample::calls_total},
    {"pandora_hub_dropped_frames_total", "Frames that were not delivered, by reason.", "reason",
     &HubSample::dropped_frames_total},
    {"pandora_hub_disconnects_total", "Connections that ended, by reason.", "reason", &HubSample::disconnects_total},
};

constexpr LabelledMetric<HubProcessSample> labelled_hub_process_metrics[] = {
    {"pandora_hub_process_calls_total", "Calls that the process was given and that ended, by outcome.", "outcome",
     &HubProcessSample::calls_total},
    {"pandora_hub_process_dropped_frames_total",
     "Frames that were not delivered, of what the process sent or was to be sent, by reason.", "reason",
     &HubProcessSample::dropped_frames_total},
};

struct HubProcessMetric {
    const char* name;
    const char* help;
    std::uint64_t HubProcessSample::*value;
};

constexpr HubProcessMetric hub_process_metrics[] = {
    {"pandora_hub_process_connections", "Open connections of the process.", &HubProcessSample::connections},
    {"pandora_hub_process_queued_bytes", "Bytes that wait to be sent to the process.", &HubProcessSample::queued_bytes},
    {"pandora_hub_process_calls_outstanding", "Calls that the process was given and has not answered yet.",
     &HubProcessSample::calls_outstanding},
};

ClientMetric series(MetricType type, double value, Labels labels)
{
    ClientMetric metric;
    metric.label = std::move(labels);
    if (type == MetricType::Counter)
        metric.counter.value = value;
    else
        metric.gauge.value = value;
    return metric;
}

void add_family(Families& families, MetricFamily family)
{
    if (!family.metric.empty()) families.push_back(std::move(family));
}

Labels app_labels(const Snapshot& snapshot) { return {{"app", label_text(snapshot.app)}}; }

Labels instance_labels(Labels labels, const InstanceSample& sample)
{
    labels.push_back({"process", label_text(sample.process)});
    labels.push_back({"replica", std::to_string(sample.instance)});
    return labels;
}

Labels with(Labels labels, const char* name, const std::string& value)
{
    labels.push_back({name, label_text(value)});
    return labels;
}

void add_app(Families& families, const Snapshot& snapshot, const Labels& app)
{
    add_family(families, {"pandora_build_info",
                          "Always 1; the version is in the label.",
                          MetricType::Gauge,
                          {series(MetricType::Gauge, 1, with(app, "version", PANDORA_VERSION))}});
    if (snapshot.supervisor == Supervisor::none) return;
    add_family(families, {"pandora_supervisor_up",
                          "Whether the supervisor answered.",
                          MetricType::Gauge,
                          {series(MetricType::Gauge, snapshot.supervisor == Supervisor::up ? 1 : 0, app)}});
}

void add_instances(Families& families, const std::vector<InstanceSample>& instances, const Labels& app)
{
    std::vector<Labels> labels;
    for (const auto& sample : instances) labels.push_back(instance_labels(app, sample));

    for (const auto& row : instance_metrics) {
        MetricFamily family{row.name, row.help, row.type, {}};
        for (std::size_t i = 0; i < instances.size(); ++i)
            if (const auto value = row.value(instances[i]))
                family.metric.push_back(series(row.type, *value, labels[i]));
        add_family(families, std::move(family));
    }
}

/// One series an instance, for the state it is in: as a series for each state there is, an app of 1000
/// instances would send 9000 of them, all but 1000 of them zero.
void add_states(Families& families, const std::vector<InstanceSample>& instances, const Labels& app)
{
    MetricFamily family{
        "pandora_process_state", "Always 1; the state the instance is in is the label.", MetricType::Gauge, {}};
    for (const auto& sample : instances)
        family.metric.push_back(
            series(MetricType::Gauge, 1, with(instance_labels(app, sample), "state", sample.state)));
    add_family(families, std::move(family));
}

template <class Sample>
void add_counts(MetricFamily& family, const LabelledMetric<Sample>& row, const Sample& sample, const Labels& labels)
{
    for (const auto& [label, count] : sample.*row.counts)
        family.metric.push_back(
            series(MetricType::Counter, static_cast<double>(count), with(labels, row.label, label)));
}

void add_hub(Families& families, const HubSample& hub, const Labels& app)
{
    for (const auto& row : hub_metrics) {
        const auto value = static_cast<double>(hub.*row.value);
        add_family(families, {row.name, row.help, row.type, {series(row.type, value, app)}});
    }
    for (const auto& row : labelled_hub_metrics) {
        MetricFamily family{row.name, row.help, MetricType::Counter, {}};
        add_counts(family, row, hub, app);
        add_family(families, std::move(family));
    }
}

/// The label is that of the processes' own metrics; connections of no process have none of these.
void add_hub_processes(Families& families, const std::vector<HubProcessSample>& processes, const Labels& app)
{
    for (const auto& row : hub_process_metrics) {
        MetricFamily family{row.name, row.help, MetricType::Gauge, {}};
        for (const auto& sample : processes)
            family.metric.push_back(series(MetricType::Gauge, static_cast<double>(sample.*row.value),
                                           with(app, "process", sample.process)));
        add_family(families, std::move(family));
    }
    for (const auto& row : labelled_hub_process_metrics) {
        MetricFamily family{row.name, row.help, MetricType::Counter, {}};
        for (const auto& sample : processes) add_counts(family, row, sample, with(app, "process", sample.process));
        add_family(families, std::move(family));
    }
}

void add_call_duration(Families& families, const Histogram& histogram, const Labels& app)
{
    assert(histogram.bounds_seconds.size() == histogram.counts.size());

    ClientMetric metric;
    metric.label = app;
    metric.histogram.sample_count = histogram.count;
    metric.histogram.sample_sum = histogram.sum_seconds;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i)
        metric.histogram.bucket.push_back({histogram.counts[i], histogram.bounds_seconds[i]});
    add_family(families, {"pandora_hub_call_duration_seconds",
                          "Time from a call's arrival at the hub to its end, whatever the outcome.",
                          MetricType::Histogram,
                          {std::move(metric)}});
}

} // namespace

std::string exposition(const Snapshot& snapshot)
{
    const Labels app = app_labels(snapshot);
    Families families;
    add_app(families, snapshot, app);
    add_instances(families, snapshot.instances, app);
    add_states(families, snapshot.instances, app);
    add_hub(families, snapshot.hub, app);
    add_hub_processes(families, snapshot.hub.processes, app);
    add_call_duration(families, snapshot.hub.call_duration, app);
    return prometheus::TextSerializer{}.Serialize(families);
}

} // namespace pandora::metrics
