#include "supervisor/cli/hub_replay_plan.hpp"

#include "supervisor/cli/hub_fields.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace pandora::supervisor::cli {

namespace {

using Way = ReplayRequest::Way;

std::optional<Way> way_of(std::string_view verb)
{
    constexpr std::array ways{std::pair{std::string_view{"invoke"}, Way::call},
                              std::pair{std::string_view{"send"}, Way::send}};
    const auto found = std::ranges::find(ways, verb, &decltype(ways)::value_type::first);
    return found == ways.end() ? std::nullopt : std::optional{found->second};
}

bool is_our_own(const std::string& object)
{
    return object.starts_with("pandora.") || object.starts_with("__PANDORA_");
}

} // namespace

bool ReplayPlan::is_wanted(const Json& record) const
{
    return filter_.lets_through(record) && (!filter_.objects.empty() || !is_our_own(text_field(record, "object")));
}

void ReplayPlan::add(const Json& record)
{
    const auto at = number_field(record, "at").value_or(0);
    if (first_at_ < 0) first_at_ = at;
    const auto id = call_id(record);
    if (!id.empty() && !text_field(record, "status").empty()) return note_outcome(record);
    const auto way = way_of(text_field(record, "verb"));
    if (!way || !is_wanted(record) || open_.contains(id)) return; // a call of many is one record for each callee
    const Json* params = field(record, "payload");
    const auto method = text_field(record, "method");
    if (!params || !params->is_array() || method.empty()) {
        ++incomplete_;
        return;
    }
    constexpr double day_us = 86'400e6; // a longer pause is of a clock that was set
    const auto offset = std::clamp((at - first_at_) * 1e6, 0.0, day_us);
    requests_.push_back({std::chrono::microseconds{static_cast<std::int64_t>(offset)}, *way,
                         text_field(record, "object"), method, *params, text_field(record, "status")});
    if (*way == Way::call && !id.empty()) open_[id] = requests_.size() - 1;
}

/// Of an answer, or of a call that ended without one.
void ReplayPlan::note_outcome(const Json& record)
{
    const auto status = text_field(record, "status");
    const auto request = open_.find(call_id(record));
    if (request == open_.end()) return;
    requests_[request->second].outcome = status;
    open_.erase(request);
}

std::chrono::microseconds due(const ReplayRequest& request, double speed)
{
    if (speed <= 0) return std::chrono::microseconds{0};
    constexpr double century_us = 3.2e15; // what a double can hold of a slowed down day is more than 64 bits can
    const auto slowed = std::min(static_cast<double>(request.at.count()) / speed, century_us);
    return std::chrono::microseconds{static_cast<std::int64_t>(slowed)};
}

std::string difference(const ReplayRequest& request, const std::string& outcome, const std::string& text)
{
    if (request.outcome.empty() || request.outcome == outcome) return "";
    return request.object + "." + request.method + ": " + request.outcome + ", now " + text;
}

} // namespace pandora::supervisor::cli
