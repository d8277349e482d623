#include "supervisor/core/fleet.hpp"

#include "supervisor/core/overloaded.hpp"

#include <algorithm>
#include <cassert>

namespace pandora::supervisor::core {

using procfiles::Condition;

Fleet::Fleet(std::vector<Member> members)
{
    processes_.reserve(members.size()); // the lifecycles point into it
    for (auto& member : members) processes_.push_back({std::move(member), {}, {}, {}});
    for (std::size_t i = 0; i < processes_.size(); ++i) connect(processes_[i], static_cast<ProcessId>(i));
}

void Fleet::connect(Process& process, ProcessId id)
{
    for (std::uint32_t n = 0; n < process.member.spec.replicas; ++n)
        process.instances.emplace_back(InstanceId{id, n}, process.member.spec);

    const auto add = [&](ProcessId on, Condition condition) {
        process.depends_on.push_back({on, condition});
        at(on).dependents.push_back(id);
    };
    for (const auto& dependency : process.member.spec.depends_on) {
        const auto name_of = [](const Process& other) -> const std::string& { return other.member.spec.name; };
        const auto found = std::ranges::find(processes_, dependency.process, name_of);
        assert(found != processes_.end());
        add(static_cast<ProcessId>(found - processes_.begin()), dependency.condition);
    }
    if (process.member.role == Role::builtin) return;
    for (std::size_t i = 0; i < processes_.size(); ++i)
        if (processes_[i].member.role == Role::builtin) add(static_cast<ProcessId>(i), Condition::started);
}

Actions Fleet::handle(const Event& event, TimePoint now)
{
    Actions out;
    if (phase_ == Phase::finished) return out;
    apply(event, now, out);
    settle(now, out);
    perform_due(now, out); // a restart without delay, unless the event asks for the end
    return out;
}

Actions Fleet::advance(TimePoint now)
{
    Actions out;
    if (phase_ == Phase::finished) return out;
    perform_due(now, out);
    settle(now, out);
    return out;
}

void Fleet::perform_due(TimePoint now, Actions& out)
{
    if (phase_ == Phase::finished) return;
    for (auto& process : processes_)
        for (auto& instance : process.instances) instance.advance(now, out);
}

std::optional<TimePoint> Fleet::next_deadline() const
{
    std::optional<TimePoint> first;
    for (const auto& process : processes_)
        for (const auto& instance : process.instances)
            if (const auto at = instance.deadline(); at && (!first || *at < *first)) first = at;
    return first;
}

void Fleet::apply(const Event& event, TimePoint now, Actions& out)
{
    std::visit(Overloaded{
                   [&](const Begin&) { phase_ = Phase::running; },
                   [&](const Spawned& e) { find(e.instance).spawned(e.pid, now, out); },
                   [&](const SpawnFailed& e) { find(e.instance).ended(e.why, true, now, out); },
                   [&](const Ended& e) { find(e.instance).ended(e.status, e.group_empty, now, out); },
                   [&](const GroupEmptied& e) { find(e.instance).group_emptied(now, out); },
                   [&](const StopCommandFailed& e) { find(e.instance).stop_command_failed(now, out); },
                   [&](const ObjectPublished& e) { find(e.instance).published(e.object, now, out); },
                   [&](const StopAll&) { phase_ = Phase::stopping; },
                   [&](const KillAll& e) {
                       phase_ = Phase::stopping;
                       exit_code_ = e.code;
                       kill_all(now, out);
                   },
               },
               event);
}

void Fleet::kill_all(TimePoint now, Actions& out)
{
    for (auto& process : processes_)
        if (process.member.role == Role::worker)
            for (auto& instance : process.instances) instance.kill(now, out);
}

/// Draws every conclusion that the event allows: one start or end may allow or refuse others.
void Fleet::settle(TimePoint now, Actions& out)
{
    if (phase_ == Phase::running) note_ends(); // before a dependent's refusal can mask its cause
    if (phase_ == Phase::running) {
        while (start_what_may(now, out)) {
        }
        note_ends();
    }
    if (phase_ == Phase::running && workers_down()) phase_ = Phase::stopping;
    if (phase_ == Phase::stopping) {
        while (stop_what_may(now, out)) {
        }
        if (everything_down()) {
            phase_ = Phase::finished;
            out.emplace_back(Finish{exit_code_.value_or(0)});
        }
    }
}

/// At least 1: a process can fail for good after a good end, by being given up.
int Fleet::failure_code(const Lifecycle& instance)
{
    return instance.last_end() ? std::max(1, shell_code(*instance.last_end())) : 1;
}

/// The app's exit code is that of the first worker that stays down after a bad end, or of the one that ends the app.
void Fleet::note_ends()
{
    for (const auto& process : processes_) {
        if (process.member.role == Role::builtin) continue;
        for (const auto& instance : process.instances) {
            if (!is_down(instance.state())) continue;
            if (instance.state() == State::failed && !exit_code_) exit_code_ = failure_code(instance);
            if (!instance.ends_app()) continue;
            exit_code_ = shell_code(*instance.last_end());
            phase_ = Phase::stopping;
            return;
        }
    }
}

bool Fleet::start_what_may(TimePoint now, Actions& out)
{
    bool changed = false;
    for (auto& process : processes_) {
        const auto pending = [](const Lifecycle& instance) { return instance.state() == State::pending; };
        if (!std::ranges::any_of(process.instances, pending)) continue;

        const auto verdict = check_all(process);
        if (verdict.readiness == Readiness::not_yet) continue;
        changed = true;
        for (auto& instance : process.instances) {
            if (!pending(instance)) continue;
            if (verdict.readiness == Readiness::met)
                instance.start(now, out);
            else
                instance.refuse("not started: dependency " + at(verdict.on).member.spec.name + " failed", now, out);
        }
    }
    return changed;
}

/// In reverse dependency order, as parallel as the graph allows: whoever has no live dependent left is asked to stop.
bool Fleet::stop_what_may(TimePoint now, Actions& out)
{
    bool changed = false;
    for (auto& process : processes_) {
        const auto down = [&](ProcessId id) { return all_down(at(id)); };
        const bool unneeded = std::ranges::all_of(process.dependents, down);
        for (auto& instance : process.instances) {
            if (!unneeded && is_live(instance.state())) continue; // what does not run now will not be started again
            const auto before = instance.state();
            instance.stop(now, out);
            changed = changed || instance.state() != before;
        }
    }
    return changed;
}

/// The worst of a process' dependencies: one that can never be met outweighs one that is not met yet.
Fleet::Verdict Fleet::check_all(const Process& process) const
{
    Verdict worst;
    for (const auto& edge : process.depends_on)
        if (const auto readiness = check(edge); readiness > worst.readiness) worst = {readiness, edge.on};
    return worst;
}

Fleet::Readiness Fleet::check(const Edge& edge) const
{
    const auto& instances = at(edge.on).instances;
    const auto all = [&](auto predicate) { return std::ranges::all_of(instances, predicate); };
    const auto any = [&](auto predicate) { return std::ranges::any_of(instances, predicate); };
    const auto is = [](State state) { return [state](const Lifecycle& i) { return i.state() == state; }; };
    const auto verdict = [](bool met, bool never) {
        return met ? Readiness::met : never ? Readiness::never : Readiness::not_yet;
    };
    switch (edge.condition) {
    case Condition::started:
        return verdict(all(&Lifecycle::has_started),
                       any([](const Lifecycle& i) { return is_down(i.state()) && !i.has_started(); }));
    case Condition::healthy:
        return verdict(all(is(State::ready)), any([](const Lifecycle& i) { return is_down(i.state()); }));
    case Condition::completed: return verdict(all([](const Lifecycle& i) { return is_down(i.state()); }), false);
    case Condition::completed_successfully: return verdict(all(is(State::completed)), any(is(State::failed)));
    }
    return Readiness::never;
}

bool Fleet::all_down(const Process& process) const
{
    return std::ranges::all_of(process.instances, [](const Lifecycle& i) { return is_down(i.state()); });
}

bool Fleet::workers_down() const
{
    return std::ranges::all_of(processes_,
                               [&](const Process& p) { return p.member.role == Role::builtin || all_down(p); });
}

bool Fleet::everything_down() const
{
    return std::ranges::all_of(processes_, [&](const Process& p) { return all_down(p); });
}

} // namespace pandora::supervisor::core
