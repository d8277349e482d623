#include "supervisor/app/hub_drain.hpp"

#include "supervisor/control/messages.hpp"

#include <utility>
#include <variant>

namespace pandora::supervisor::app {

namespace {

using hub::client::Json;

/// The hub keeps to the time; longer than this it is only late when it does not run at all.
constexpr std::chrono::milliseconds answer_slack{1'000};

Json name_of(const std::string& process, std::uint32_t instance)
{
    return {{"process", process}, {"instance", instance}};
}

HubDrained drained_from(const hub::client::Outcome& outcome)
{
    const auto* answer = std::get_if<Json>(&outcome);
    if (!answer) return {};
    const auto drained = answer->find("drained");
    const auto in_flight = answer->find("in_flight");
    return {.drained = drained != answer->end() && *drained == true,
            .in_flight =
                in_flight != answer->end() && in_flight->is_number_unsigned() ? in_flight->get<std::uint32_t>() : 0};
}

} // namespace

void drain(hub::client::Client& link, const std::string& process, std::uint32_t instance,
           std::chrono::milliseconds timeout, std::function<void(HubDrained)> done)
{
    link.invoke(
        control::hub_object_name, "drain", Json::array({name_of(process, instance), timeout.count()}),
        [done = std::move(done)](const hub::client::Outcome& outcome) { done(drained_from(outcome)); },
        timeout + answer_slack);
}

/// Again where the hub's own object was flooded by others: an undrain that is lost would starve the next run.
void undrain(hub::client::Client& link, const std::string& process, std::uint32_t instance)
{
    link.invoke(control::hub_object_name, "undrain", Json::array({name_of(process, instance)}),
                [&link, process, instance](const hub::client::Outcome& outcome) {
                    const auto* error = std::get_if<hub::client::CallError>(&outcome);
                    if (error && error->name == "PandoraBusyError") undrain(link, process, instance);
                });
}

} // namespace pandora::supervisor::app
