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
    for (auto& [id, kept] : kept_) kept.silence.reset(); // the new hub will see for itself
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
    Circumstances found{.is_rolling = fleet_.is_rolling(id.process),
                        .app_ends = stop_signals_.any() || fleet_.is_ending()};
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

const Master::Silence* Master::silence_of(const core::Lifecycle& instance) const
{
    const auto kept = kept_.find(instance.id());
    const bool is_silent = kept != kept_.end() && kept->second.silence && kept->second.silence->run == instance.run();
    return is_silent ? &*kept->second.silence : nullptr;
}

/// By the pid as it is now: a connection of a run that has ended says nothing of the next one. That somebody reads
/// again, or that the connection has ended, may be heard after its process is gone.
void Master::hub_complains(const control::HubComplaint& complaint)
{
    const auto process = find(complaint.process);
    const core::InstanceId id{process.value_or(core::ProcessId{}), complaint.instance};
    if (!process || !fleet_.has(id)) return;
    auto& silence = kept_[id].silence;
    if (!complaint.unresponsive) {
        if (silence_of(fleet_.instance(id))) told(id, "the hub hears from it again");
        silence.reset();
    } else if (driver_.instance_of(complaint.pid) == id) {
        silence = Silence{fleet_.instance(id).run(), core::Clock::now() - complaint.lasted};
        told(id, "gives the hub no sign of life (" + seconds(complaint.lasted) + ")");
    }
}

void Master::ask_hub(core::InstanceId id, core::ProbeKind kind, std::function<void(const std::string&)> tell)
{
    if (!fleet_.has(id)) return;
    if (const auto* silence = silence_of(fleet_.instance(id)))
        return tell("the hub has not heard from it for " + seconds(core::Clock::now() - silence->since));
    if (kind == core::ProbeKind::liveness) return tell({});
    ask_online(id, std::move(tell));
}

/// A hub that is away, or hangs, is not the fault of an instance that was ready already.
void Master::ask_online(core::InstanceId id, std::function<void(const std::string&)> tell)
{
    auto answered = [this, id, tell = std::move(tell)](const hub::client::Outcome& outcome) {
        if (!fleet_.has(id)) return;
        const auto* pids = std::get_if<control::Json>(&outcome);
        if (!pids) return tell(fleet_.instance(id).state() == core::State::ready ? "" : "the hub does not answer");
        const bool online = std::ranges::any_of(*pids, [&](const control::Json& pid) {
            // Of another instance, it is a connection of an earlier run.
            return pid.is_number_integer() && driver_.instance_of(pid.get<pid_t>()) == id;
        });
        tell(online ? "" : "it is not online at the hub");
    };
    auto* link = hub_.link();
    if (!link) return answered(hub::client::CallError{});
    const control::Json name{{"process", fleet_.member(id.process).spec.name}, {"instance", id.index}};
    const auto patience =
        spec_of(id).readiness.probe->timeout / 2; // what comes of it is to be said before it times out
    link->invoke(control::hub_object_name, "online", control::Json::array({name}), std::move(answered), patience);
}

void Master::config_changed(const control::ConfigPiece& piece) { config_.add(piece); }

control::ConfigPiece Master::config(std::size_t offset) { return config_.piece_at(offset); }

} // namespace pandora::supervisor::app
