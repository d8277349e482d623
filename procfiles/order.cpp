#include "procfiles/order.hpp"

#include "procfiles/limits.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <string>
#include <unordered_set>

namespace pandora::procfiles {

namespace {

bool asks_for_readiness(const Readiness& readiness)
{
    return !readiness.objects.empty() || readiness.notify || readiness.notification_fd || !readiness.log_line.empty() ||
           readiness.probe;
}

void depend_on(ProcessSpec& process, const std::vector<std::size_t>& lower, const std::vector<ProcessSpec>& processes,
               Place place)
{
    std::unordered_set<std::string_view> known;
    for (const Dependency& dependency : process.depends_on) known.insert(dependency.process);
    std::vector<Dependency> added;
    for (const std::size_t index : lower) {
        const ProcessSpec& other = processes[index];
        if (known.contains(other.name)) continue;
        added.push_back({.process = other.name,
                         .condition = asks_for_readiness(other.readiness) ? Condition::healthy : Condition::started,
                         .place = place});
    }
    process.depends_on.insert(process.depends_on.end(), added.begin(), added.end());
}

} // namespace

void apply_orders(Reader& reader, const std::vector<Order>& orders, std::vector<ProcessSpec>& processes)
{
    assert(orders.size() == processes.size());
    std::map<std::int64_t, std::vector<std::size_t>> steps;
    for (std::size_t i = 0; i < orders.size(); ++i)
        if (orders[i].number) steps[*orders[i].number].push_back(i);

    std::size_t made = 0;
    for (auto step = steps.begin(); step != steps.end(); ++step) {
        if (step == steps.begin()) continue;
        const auto& lower = std::prev(step)->second;
        made += lower.size() * step->second.size();
        if (made > order_dependencies_max)
            return reader.problem(orders[step->second.front()].place,
                                  "`order` makes more than " + std::to_string(order_dependencies_max) +
                                      " dependencies: too many processes share a number");
        for (const std::size_t index : step->second) depend_on(processes[index], lower, processes, orders[index].place);
    }
}

} // namespace pandora::procfiles
