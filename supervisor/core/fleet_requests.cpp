// What people, schedules, files and connections ask for; scale and rolling replace. A part of Fleet.
#include "supervisor/core/fleet.hpp"
#include "supervisor/core/overloaded.hpp"

#include <algorithm>

namespace pandora::supervisor::core {

namespace {

// How long a new instance may take to get ready during a rolling replace where the procfile sets no `start_timeout`.
// Choice: as long as systemd waits for a stop and a start together.
constexpr Millis rollout_patience{90'000};

/// What the old instance may take before the new one can even begin.
Millis time_to_leave(const procfiles::ProcessSpec& spec)
{
    auto time = spec.shutdown.drain + spec.shutdown.timeout;
    for (const auto* hook : {&spec.hooks.before_stop, &spec.hooks.after_stop, &spec.hooks.before_start})
        if (*hook) time += (*hook)->timeout;
    return time;
}

} // namespace

void Fleet::for_each(const Which& which, const std::function<void(InstanceId)>& act)
{
    const auto count = static_cast<std::uint32_t>(at(which.process).instances.size());
    for (std::uint32_t n = 0; n < count; ++n)
        if (!which.index || *which.index == n) act({which.process, n});
}

void Fleet::ask(const StartAsked& asked, TimePoint now, Actions& out)
{
    for_each(asked.which, [&](InstanceId id) { with(id, out, [&](Lifecycle& i) { i.ask_start(now, out); }); });
    start_dependencies(asked.which.process, now, out);
}

void Fleet::ask(const StopAsked& asked, TimePoint now, Actions& out)
{
    abandon_rollout(asked.which.process, now, out);
    for_each(asked.which, [&](InstanceId id) { with(id, out, [&](Lifecycle& i) { i.stop(now, out); }); });
}

void Fleet::ask(const RestartAsked& asked, TimePoint now, Actions& out)
{
    abandon_rollout(asked.which.process, now, out);
    for_each(asked.which, [&](InstanceId id) {
        with(id, out, [&](Lifecycle& i) { i.restart("restart asked for", false, now, out); });
    });
    start_dependencies(asked.which.process, now, out);
}

/// Those that are to go (scaled down, a surge that is taken back) are not among them.
std::vector<Slot> Fleet::slots_of(const Process& process)
{
    std::vector<Slot> slots;
    for (const auto& instance : process.instances)
        if (!instance.is_retired()) slots.push_back({instance.run(), instance.state()});
    return slots;
}

void Fleet::ask(const RollAsked& asked, TimePoint now, Actions& out)
{
    auto& process = at(asked.process);
    if (process.rollout) return; // the one under way does it
    const auto& spec = process.member.spec;
    const auto to_get_ready = spec.readiness.timeout > Millis::zero() ? spec.readiness.timeout : rollout_patience;
    const auto patience = to_get_ready + time_to_leave(spec);
    process.rollout.emplace(spec.rollout, slots_of(process), patience);
    rolling_.insert(asked.process);
    step_rollout(asked.process, now, out);
}

void Fleet::ask(const ReloadAsked& asked, TimePoint now, Actions& out)
{
    const auto& process = at(asked.which.process);
    const bool lives = std::ranges::any_of(process.instances, [](const Lifecycle& i) { return is_live(i.state()); });
    if (!lives) return; // what does not run takes on its configuration when it starts
    if (!process.member.spec.reload) return ask(RollAsked{asked.which.process}, now, out);
    for_each(asked.which, [&](InstanceId id) { with(id, out, [&](Lifecycle& i) { i.reload(now, out); }); });
}

void Fleet::ask(const ScaleAsked& asked, TimePoint now, Actions& out)
{
    abandon_rollout(asked.process, now, out);
    resize(asked.process, asked.replicas, now, out);
}

void Fleet::ask(const ScheduleDue& due, TimePoint now, Actions& out)
{
    for (const auto& instance : at(due.process).instances) {
        if (instance.state() != State::scheduled) continue;
        return with(instance.id(), out, [&](Lifecycle& i) { i.ask_start(now, out); });
    }
    const bool put_off = at(due.process).active == 0; // a person has stopped it
    if (!put_off) out.emplace_back(Tell{{due.process, 0}, "skipped: its last run has not ended yet"});
}

void Fleet::ask(const FilesChanged& changed, TimePoint now, Actions& out)
{
    std::vector<ProcessId> concerned{changed.process};
    const auto& watch = member(changed.process).spec.watch;
    for (std::size_t n = 0; watch && watch->cascade && n < concerned.size(); ++n)
        for (const auto dependent : at(concerned[n]).dependents)
            if (std::ranges::find(concerned, dependent) == concerned.end()) concerned.push_back(dependent);
    for (const auto id : concerned)
        for_each({id, std::nullopt}, [&](InstanceId each) {
            with(each, out, [&](Lifecycle& i) {
                if (!i.is_held() && i.state() != State::disabled) i.restart(changed.path + " changed", false, now, out);
            });
        });
}

void Fleet::ask(const ConnectionWaiting& waiting, TimePoint now, Actions& out)
{
    for_each({waiting.process, std::nullopt}, [&](InstanceId id) {
        with(id, out, [&](Lifecycle& i) {
            if (i.state() == State::listening) i.ask_start(now, out);
        });
    });
}

void Fleet::resize(ProcessId id, std::uint32_t replicas, TimePoint now, Actions& out)
{
    auto& process = at(id);
    const bool joins = !process.member.spec.schedule && // the new ones run where the others do, `disabled` or not
                       std::ranges::any_of(process.instances, [](const Lifecycle& i) { return is_live(i.state()); });
    for (std::uint32_t n = 0; n < process.instances.size(); ++n)
        with({id, n}, out, [&](Lifecycle& i) {
            if (n < replicas && i.is_retired()) i.revive(now, out);
            if (n >= replicas && !i.is_retired()) i.retire(now, out);
        });
    while (process.instances.size() < replicas) {
        add_instance(id);
        const auto& added = process.instances.back();
        if (joins)
            with(added.id(), out, [&](Lifecycle& i) { i.ask_start(now, out); });
        else
            changes_.push_back({added.id(), State::pending, added.state()});
    }
    remove_retired(id, out);
}

void Fleet::step_rollout(ProcessId id, TimePoint now, Actions& out)
{
    auto& process = at(id);
    const auto end = [&](std::string text) {
        process.rollout.reset();
        rolling_.erase(id);
        out.emplace_back(Tell{{id, 0}, std::move(text)});
    };
    for (const auto& order : process.rollout->next(slots_of(process), now))
        std::visit(
            Overloaded{
                [&](const Resize& o) {
                    resize(id, o.replicas, now, out);
                    for (auto n = process.rollout->replicas(); n < o.replicas; ++n) // at rest none would get ready
                        with({id, n}, out, [&](Lifecycle& i) { i.ask_start(now, out); });
                },
                [&](const Replace& o) {
                    with({id, o.index}, out, [&](Lifecycle& i) { i.restart("rolling replace", false, now, out); });
                },
                [&](const RolledOut&) { end("rolling replace done"); },
                [&](const RolledBack& o) { end("rolling replace taken back: " + o.why); },
            },
            order);
}

/// The surge goes; what has been replaced stays replaced.
void Fleet::abandon_rollout(ProcessId id, TimePoint now, Actions& out)
{
    auto& process = at(id);
    if (!process.rollout) return;
    const auto replicas = process.rollout->replicas();
    process.rollout.reset();
    rolling_.erase(id);
    out.emplace_back(Tell{{id, 0}, "rolling replace ended by another request"});
    resize(id, replicas, now, out);
}

} // namespace pandora::supervisor::core
