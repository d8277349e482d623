// The master as its hub knows it: what it tells the hub of the app, and what the hub tells it of the workers.
#include "supervisor/app/master.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace pandora::supervisor::app {

namespace {

std::string seconds(core::Clock::duration span)
{
    return std::to_string(std::chrono::round<std::chrono::seconds>(span).count()) + " s";
}

} // namespace

control::AppKnowledge Master::app()
{
    news_.forget();
    for (auto& [id, kept] : kept_) kept.deafness.reset(); // the new hub will see for itself
    control::AppKnowledge app;
    for (std::uint32_t n = 0; n < fleet_.size(); ++n) {
        const core::ProcessId process{n};
        const auto& member = fleet_.member(process);
        if (member.role == core::Role::builtin) continue;
        app.promises.emplace(member.spec.name, member.spec.readiness.objects);
        for (const auto& instance : fleet_.instances(process)) app.instances.push_back(news_of(instance.id()));
    }
    app.policy = hub_access_.policy;
    app.strict = app_.hub.strict;
    return app;
}

void Master::tell_hub(const core::Announce& change)
{
    if (is_hub(change.instance)) return;
    auto& outlook = kept_[change.instance].outlook;
    if (!outlook) outlook.emplace(change.from);
    outlook->changed(change, circumstances_of(change.instance));
    news_.tell(news_of(change.instance));
}

/// An instance that has been scaled away may be announced after it has gone.
Circumstances Master::circumstances_of(core::InstanceId id) const
{
    Circumstances found{.is_rolling = fleet_.is_rolling(id.process), .app_ends = stop_asked_ || fleet_.is_ending()};
    if (!fleet_.has(id)) {
        found.is_retired = true;
        return found;
    }
    const auto& instance = fleet_.instance(id);
    found.may_return = instance.may_return();
    found.is_held = instance.is_held();
    found.is_retired = instance.is_retired();
    if (const auto next = driver_.next_time(id.process))
        found.due_in = std::chrono::duration_cast<core::Millis>(*next - std::chrono::system_clock::now());
    return found;
}

control::InstanceNews Master::news_of(core::InstanceId id) const
{
    const auto kept = kept_.find(id);
    const auto known = kept != kept_.end() ? kept->second.outlook : std::nullopt;
    const auto outlook = known ? *known : Outlook{fleet_.instance(id).state()};
    return {.process = fleet_.member(id.process).spec.name,
            .instance = id.index,
            .prospect = outlook.prospect(),
            .ready = outlook.ready(),
            .cause = outlook.cause(core::Clock::now())};
}

std::optional<control::InstanceNews> Master::news_of(const std::string& process, std::uint32_t instance) const
{
    const auto found = find(process);
    if (!found || !fleet_.has({*found, instance})) return std::nullopt;
    return news_of({*found, instance});
}

const Master::Deafness* Master::deafness_of(const core::Lifecycle& instance) const
{
    const auto kept = kept_.find(instance.id());
    const bool is_deaf = kept != kept_.end() && kept->second.deafness && kept->second.deafness->run == instance.run();
    return is_deaf ? &*kept->second.deafness : nullptr;
}

/// By the pid as it is now: a connection of a run that has ended says nothing of the next one. That somebody reads
/// again, or that the connection has ended, may be heard after its process is gone.
void Master::hub_complains(const control::HubComplaint& complaint)
{
    const auto process = find(complaint.process);
    const core::InstanceId id{process.value_or(core::ProcessId{}), complaint.instance};
    if (!process || !fleet_.has(id)) return;
    auto& deafness = kept_[id].deafness;
    if (!complaint.unresponsive) {
        if (deafness_of(fleet_.instance(id))) told(id, "the hub hears from it again");
        deafness.reset();
    } else if (driver_.instance_of(complaint.pid) == id) {
        deafness = Deafness{fleet_.instance(id).run(), core::Clock::now() - complaint.lasted};
        told(id, "does not read what the hub sends it (" + seconds(complaint.lasted) + ")");
    }
}

std::string Master::unheard(core::InstanceId id)
{
    const auto* deafness = fleet_.has(id) ? deafness_of(fleet_.instance(id)) : nullptr;
    if (!deafness) return {};
    return "the hub has not heard from it for " + seconds(core::Clock::now() - deafness->since);
}

void Master::config_changed(const control::ConfigPiece& piece) { config_.add(piece); }

control::ConfigPiece Master::config(std::size_t offset) { return config_.piece_at(offset); }

} // namespace pandora::supervisor::app
