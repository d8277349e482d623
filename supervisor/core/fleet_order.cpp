// Who may start, who has to stop, and in which order. A part of Fleet.
#include "supervisor/core/fleet.hpp"

#include <algorithm>

namespace pandora::supervisor::core {

using procfiles::Condition;

namespace {

const char* words(Condition condition)
{
    switch (condition) {
    case Condition::started: return "to be started";
    case Condition::healthy: return "to be ready";
    case Condition::completed: return "to complete";
    case Condition::completed_successfully: return "to complete successfully";
    case Condition::log_ready: return "to write its ready_log_line";
    case Condition::object_published: return "to publish its objects";
    }
    return "";
}

/// It is down because a person wants it so, or has not wanted it yet; this can change.
bool is_put_off(const Lifecycle& instance) { return instance.state() == State::disabled || instance.is_held(); }

/// It ended by itself and will not come again: what it has not done by now, it never will.
bool is_done(const Lifecycle& instance) { return is_down(instance.state()) && !instance.is_held(); }

bool runs_or_has_run(const Lifecycle& instance)
{
    switch (instance.state()) {
    case State::pending:
    case State::backoff: return false;
    case State::starting: return instance.pid().has_value();
    case State::listening: return true; // whoever connects starts it
    case State::ready:
    case State::stopping:
    case State::completed:
    case State::failed:
    case State::disabled:
    case State::scheduled: return instance.has_started();
    }
    return false;
}

bool has_published_all(const Lifecycle& instance, const procfiles::ProcessSpec& spec, const std::string& object)
{
    const auto published = [&](const std::string& name) { return instance.promises().has_published(name); };
    return object.empty() ? std::ranges::all_of(spec.readiness.objects, published) && instance.has_started()
                          : published(object);
}

} // namespace

bool Fleet::is_over() const
{
    if (active_workers_ > 0 || is_halted()) return false;
    return std::ranges::none_of(processes_, [](const Process& process) {
        return process.member.role == Role::worker && std::ranges::any_of(process.instances, &Lifecycle::is_held);
    });
}

bool Fleet::is_halted() const
{
    return std::ranges::any_of(processes_, [](const Process& process) {
        return process.member.spec.availability.on_give_up == procfiles::OnGiveUp::stop_all &&
               std::ranges::any_of(process.instances, &Lifecycle::has_given_up);
    });
}

bool Fleet::start_what_may(TimePoint now, Actions& out)
{
    bool changed = false;
    std::optional<ProcessId> judged;
    Judgement judgement;
    for (const auto id : std::vector<InstanceId>{waiting_.begin(), waiting_.end()}) {
        if (!may_begin(id)) continue;
        if (judged != id.process) judgement = judge(at(id.process)); // replicas have the same dependencies
        judged = id.process;
        with(id, out, [&](Lifecycle& instance) { changed = start_instance(instance, judgement, now, out) || changed; });
    }
    return changed;
}

bool Fleet::may_begin(InstanceId id) const
{
    return (max_unready_ == 0 || unready_ < max_unready_ || !is_worker(id)) && !group_is_stopping(at(id.process));
}

bool Fleet::start_instance(Lifecycle& instance, const Judgement& judgement, TimePoint now, Actions& out)
{
    const bool waits = instance.waits_for_dependencies();
    if (waits && judgement.readiness == Readiness::not_yet) return false;
    if (waits && judgement.readiness == Readiness::never)
        instance.refuse("not started: dependency " + judgement.edge->dependency.process + " failed", now, out);
    else
        instance.begin(now, out);
    return true;
}

/// Whoever is restarted with others waits until all of them are down.
bool Fleet::group_is_stopping(const Process& process) const
{
    if (!process.group) return false;
    const auto& group = groups_[*process.group];
    if (group.strategy == procfiles::Strategy::one_for_one) return false;
    return std::ranges::any_of(group.members, [&](ProcessId member) {
        return std::ranges::any_of(at(member).instances,
                                   [](const Lifecycle& i) { return i.state() == State::stopping; });
    });
}

/// In reverse dependency order, as parallel as the graph allows: whoever has no dependent left that may run is asked to
/// stop. What does not run now is not started again, whoever depends on it.
bool Fleet::stop_what_may(TimePoint now, Actions& out)
{
    bool changed = false;
    for (auto& process : processes_) {
        if (process.active == 0 || (phase_ == Phase::halting && process.member.role == Role::builtin)) continue;
        const bool unneeded = std::ranges::all_of(process.dependents, [&](ProcessId id) { return at(id).active == 0; });
        for (std::size_t n = 0; n < process.instances.size(); ++n) {
            const auto& instance = process.instances[n];
            const auto before = instance.state();
            const bool runs = is_live(before) && !instance.is_preparing();
            if (runs && before != State::stopping && !unneeded) continue;
            if (before == State::stopping && instance.is_held()) continue; // it knows
            with(instance.id(), out, [&](Lifecycle& i) { i.stop(now, out); });
            changed = changed || instance.state() != before;
        }
    }
    return changed;
}

/// The worst of a process' dependencies: one that can never be met outweighs one that is not met yet.
Fleet::Judgement Fleet::judge(const Process& process) const
{
    Judgement worst;
    for (const auto& edge : process.depends_on)
        if (const auto readiness = check(edge); readiness > worst.readiness) worst = {readiness, &edge};
    return worst;
}

Fleet::Readiness Fleet::check(const Edge& edge) const
{
    const auto& process = at(edge.on);
    const auto& spec = process.member.spec;
    const auto verdict = [&](auto met, auto never) {
        const auto& instances = process.instances;
        if (std::ranges::all_of(instances, met)) return Readiness::met;
        const auto hopeless = [&](const Lifecycle& i) { return !met(i) && never(i); };
        return std::ranges::any_of(instances, hopeless) ? Readiness::never : Readiness::not_yet;
    };
    const auto has_ended = [](const Lifecycle& i) {
        return is_done(i) || (i.state() == State::scheduled && i.last_end());
    };
    switch (edge.dependency.condition) {
    case Condition::started: return verdict(runs_or_has_run, is_done);
    case Condition::healthy:
        return verdict([](const Lifecycle& i) { return i.state() == State::ready || i.state() == State::listening; },
                       is_done);
    case Condition::completed: return verdict(has_ended, [](const Lifecycle&) { return false; });
    case Condition::completed_successfully:
        return verdict(
            [&](const Lifecycle& i) { return has_ended(i) && i.state() != State::failed && i.has_ended_well(); },
            [](const Lifecycle& i) { return i.state() == State::failed && !i.is_held(); });
    case Condition::log_ready:
        return verdict([](const Lifecycle& i) { return i.promises().has_shown_line(); }, is_done);
    case Condition::object_published:
        return verdict([&](const Lifecycle& i) { return has_published_all(i, spec, edge.dependency.object); }, is_done);
    }
    return Readiness::never;
}

std::string Fleet::waits_for(InstanceId id) const
{
    if (!instance(id).wants_start()) return {};
    const auto& process = at(id.process);
    const auto judgement = judge(process);
    if (instance(id).waits_for_dependencies() && judgement.readiness != Readiness::met)
        return judgement.edge->dependency.process + " " + words(judgement.edge->dependency.condition);
    if (group_is_stopping(process)) return "the rest of its group to stop";
    return "its turn: " + std::to_string(unready_) + " others are starting";
}

/// What OTP's supervisors do with the siblings of a child that ended by itself.
void Fleet::follow_strategy(const Change& change, TimePoint now, Actions& out)
{
    const auto& cause = instance(change.instance);
    const bool gave_up = change.to == State::failed && cause.has_given_up();
    const auto group_index = at(change.instance.process).group;
    if (!group_index || change.from == change.to || (change.to != State::backoff && !gave_up)) return;
    const auto& group = groups_[*group_index];
    if (group.strategy == procfiles::Strategy::one_for_one) return;

    auto first = group.members.begin();
    if (group.strategy == procfiles::Strategy::rest_for_one)
        first = std::next(std::ranges::find(group.members, change.instance.process));
    const auto concerns = [gave_up](State state) { // what does not run now is begun after the others have stopped
        return is_live(state) || (gave_up && (state == State::pending || state == State::backoff));
    };
    const auto why = member(change.instance.process).spec.name + (gave_up ? " gave up" : " failed");
    for (auto process = first; process != group.members.end(); ++process)
        for (std::size_t n = 0; n < at(*process).instances.size(); ++n) {
            const InstanceId id{*process, static_cast<std::uint32_t>(n)};
            if (id == change.instance || !concerns(instance(id).state())) continue;
            with(id, out, [&](Lifecycle& i) {
                if (gave_up)
                    i.stop_with(why, now, out);
                else
                    i.restart("its group: " + why, true, now, out);
            });
        }
}

/// Of a process that a person has started: those it needs, as far as they are down because people wanted them so.
void Fleet::start_dependencies(ProcessId id, TimePoint now, Actions& out)
{
    for (const auto& edge : at(id).depends_on)
        for (std::size_t n = 0; n < at(edge.on).instances.size(); ++n) {
            const auto& needed = at(edge.on).instances[n];
            if (!is_put_off(needed)) continue;
            with(needed.id(), out, [&](Lifecycle& i) { i.ask_start(now, out); });
            start_dependencies(edge.on, now, out);
        }
}

} // namespace pandora::supervisor::core
