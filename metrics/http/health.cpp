#include "metrics/http/health.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace pandora::metrics::http {

namespace {

using Json = nlohmann::ordered_json;

Json processes(const std::vector<InstanceSample>& instances)
{
    const auto count = [&](auto condition) { return std::count_if(instances.begin(), instances.end(), condition); };
    return {{"total", instances.size()},
            {"up", count([](const InstanceSample& sample) { return sample.up; })},
            {"failed", count([](const InstanceSample& sample) { return sample.state == "failed"; })}};
}

const char* name(Supervisor supervisor)
{
    switch (supervisor) {
    case Supervisor::none: return "none";
    case Supervisor::down: return "down";
    case Supervisor::up: return "up";
    }
    return "unknown";
}

Json hub(const HubSample& sample)
{
    return {
        {"connections", sample.connections}, {"objects", sample.objects}, {"calls_in_flight", sample.calls_in_flight}};
}

} // namespace

Response health(const Snapshot& snapshot)
{
    const Json counts = processes(snapshot.instances);
    const bool well = snapshot.supervisor != Supervisor::down && counts["failed"] == 0;
    const Json report = {{"status", well ? "ok" : "degraded"},
                         {"app", snapshot.app},
                         {"supervisor", name(snapshot.supervisor)},
                         {"processes", counts},
                         {"hub", hub(snapshot.hub)}};
    // `replace`: an app's name may come from a folder's and need not be UTF-8.
    const auto text = report.dump(-1, ' ', false, Json::error_handler_t::replace);
    return {well ? 200U : 503U, "application/json", text + '\n'};
}

} // namespace pandora::metrics::http
