#include "supervisor/core/fleet.hpp"

#include "supervisor/core/overloaded.hpp"

#include <algorithm>
#include <cassert>

namespace pandora::supervisor::core {

namespace {

/// It runs, or may run without being asked by a person.
bool is_active(State state) { return !is_down(state) && state != State::disabled; }

/// At least 1: a process can fail for good after a good end, by being given up.
int failure_code(const Lifecycle& instance)
{
    return instance.last_end() ? std::max(1, shell_code(instance.last_end()->status)) : 1;
}

std::uint32_t initial_count(const procfiles::ProcessSpec& spec)
{
    return spec.schedule ? spec.schedule->max_concurrent : spec.replicas;
}

} // namespace

Fleet::Fleet(std::vector<Member> members, const FleetOptions& options)
    : random_{options.seed}, max_unready_{options.max_unready}
{
    processes_.reserve(members.size()); // the lifecycles point into it
    for (auto& member : members) processes_.push_back({.member = std::move(member)});
    for (std::size_t i = 0; i < processes_.size(); ++i) connect(static_cast<ProcessId>(i));
    for (const auto& group : options.groups) {
        Group known{group.strategy, {}};
        for (const auto& name : group.processes) {
            known.members.push_back(find(name));
            at(known.members.back()).group = groups_.size();
        }
        groups_.push_back(std::move(known));
    }
}

ProcessId Fleet::find(const std::string& name) const
{
    const auto name_of = [](const Process& process) -> const std::string& { return process.member.spec.name; };
    const auto found = std::ranges::find(processes_, name, name_of);
    assert(found != processes_.end());
    return static_cast<ProcessId>(found - processes_.begin());
}

void Fleet::connect(ProcessId id)
{
    auto& process = at(id);
    for (auto n = initial_count(process.member.spec); n > 0; --n) add_instance(id);
    for (const auto& dependency : process.member.spec.depends_on) {
        process.depends_on.push_back({find(dependency.process), dependency});
        at(process.depends_on.back().on).dependents.push_back(id);
    }
    if (process.member.role == Role::builtin) return;
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        if (processes_[i].member.role != Role::builtin) continue;
        process.depends_on.push_back({static_cast<ProcessId>(i), {.process = processes_[i].member.spec.name}});
        processes_[i].dependents.push_back(id);
    }
}

void Fleet::add_instance(ProcessId id)
{
    auto& process = at(id);
    const InstanceId added{id, static_cast<std::uint32_t>(process.instances.size())};
    process.instances.emplace_back(added, process.member.spec, static_cast<std::uint32_t>(random_()));
    process.deadlines.emplace_back();
    const auto& instance = process.instances.back();
    note({added, State::completed, instance.state()});
    if (instance.wants_start()) waiting_.insert(added);
}

void Fleet::remove_retired(ProcessId id, Actions& out)
{
    auto& process = at(id);
    while (!process.instances.empty()) {
        const auto& last = process.instances.back();
        if (!last.is_retired() || is_active(last.state())) return;
        if (const auto entry = process.deadlines.back()) deadlines_.erase({*entry, last.id()});
        out.emplace_back(Removed{last.id()});
        process.deadlines.pop_back();
        process.instances.pop_back();
    }
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
    if (phase_ != Phase::finished) perform_due(now, out);
    return out;
}

void Fleet::perform_due(TimePoint now, Actions& out)
{
    std::vector<InstanceId> due;
    for (const auto& [at, instance] : deadlines_) {
        if (at > now) break;
        due.push_back(instance);
    }
    for (const auto id : due)
        if (has(id)) with(id, out, [&](Lifecycle& instance) { instance.advance(now, out); });
    for (const auto id : std::set<ProcessId>{rolling_})
        if (const auto at_latest = at(id).rollout->deadline(); at_latest && *at_latest <= now)
            step_rollout(id, now, out);
    settle(now, out);
}

std::optional<TimePoint> Fleet::next_deadline() const
{
    std::optional<TimePoint> first;
    if (!deadlines_.empty()) first = deadlines_.begin()->first;
    for (const auto id : rolling_)
        if (const auto at_latest = at(id).rollout->deadline(); at_latest && (!first || *at_latest < *first))
            first = at_latest;
    return first;
}

void Fleet::note(const Change& change)
{
    const bool worker = is_worker(change.instance);
    const auto count = [](std::uint32_t& counter, bool was, bool is) { counter += is ? 1 : 0, counter -= was ? 1 : 0; };
    const bool was_active = is_active(change.from);
    const bool now_active = is_active(change.to);
    count(at(change.instance.process).active, was_active, now_active);
    count(active_, was_active, now_active);
    if (!worker) return;
    count(active_workers_, was_active, now_active);
    count(unready_, change.from == State::starting, change.to == State::starting);
}

void Fleet::index_deadline(const Lifecycle& instance)
{
    auto& entry = at(instance.id().process).deadlines.at(instance.id().index);
    const auto wanted = instance.deadline();
    if (entry == wanted) return;
    if (entry) deadlines_.erase({*entry, instance.id()});
    if (wanted) deadlines_.insert({*wanted, instance.id()});
    entry = wanted;
}

void Fleet::apply(const Event& event, TimePoint now, Actions& out)
{
    const auto to = [&](InstanceId id, auto act) {
        if (has(id)) with(id, out, act);
    };
    std::visit(
        Overloaded{
            [&](const Begin&) {
                phase_ = Phase::running;
                for (auto& process : processes_)
                    for (const auto& instance : process.instances) // these have no change to react to
                        changes_.push_back({instance.id(), instance.state(), instance.state()});
            },
            [&](const Spawned& e) { to(e.instance, [&](auto& i) { i.spawned(e.pid, now, out); }); },
            [&](const SpawnFailed& e) { to(e.instance, [&](auto& i) { i.spawn_failed(e.why, now, out); }); },
            [&](const Ended& e) {
                to(e.instance, [&](auto& i) { i.ended(e.status, e.group_empty, e.out_of_memory, now, out); });
            },
            [&](const GroupEmptied& e) { to(e.instance, [&](auto& i) { i.group_emptied(now, out); }); },
            [&](const MainPidChanged& e) { to(e.instance, [&](auto& i) { i.main_pid_changed(e.pid, now, out); }); },
            [&](const CommandEnded& e) {
                to(e.instance, [&](auto& i) { i.command_ended(e.run, e.command, e.status, now, out); });
            },
            [&](const Drained& e) { to(e.instance, [&](auto& i) { i.drained(e.run, now, out); }); },
            [&](const ProbeAnswered& e) {
                to(e.instance, [&](auto& i) { i.probe_answered(e.run, e.kind, e.passed, e.detail, now, out); });
            },
            [&](const ObjectPublished& e) { to(e.instance, [&](auto& i) { i.published(e.object, now, out); }); },
            [&](const Notified& e) { to(e.instance, [&](auto& i) { i.notified(e.notification, now, out); }); },
            [&](const NewlineWritten& e) { to(e.instance, [&](auto& i) { i.newline_written(e.run, now, out); }); },
            [&](const LogLineSeen& e) { to(e.instance, [&](auto& i) { i.log_line_seen(e.run, now, out); }); },
            [&](const MemoryRead& e) { to(e.instance, [&](auto& i) { i.memory_read(e.run, e.bytes, now, out); }); },
            [&](const Swept&) {
                assert(phase_ == Phase::sweeping);
                phase_ = Phase::finished;
                out.emplace_back(Finish{exit_code_.value_or(0)});
            },
            [&](const StopAll&) {
                if (!is_ending() && !is_halted()) exit_code_.reset(); // what failed in it does not end the app now
                phase_ = std::max(phase_, Phase::stopping);
            },
            [&](const KillAll& e) {
                phase_ = std::max(phase_, Phase::stopping);
                exit_code_ = e.code;
                for (auto& process : processes_)
                    if (process.member.role == Role::worker)
                        for (const auto& instance : process.instances)
                            to(instance.id(), [&](auto& i) { i.kill(now, out); });
            },
            [&](const ConnectionWaiting& e) {
                at(e.process).armed = false;
                if (phase_ == Phase::running) ask(e, now, out);
            },
            [&](const auto& asked) {
                if (phase_ == Phase::running) ask(asked, now, out); // nothing is started any more during a stop
            },
        },
        event);
}

/// Draws every conclusion that the event allows: one start or end may allow, refuse or cause others.
void Fleet::settle(TimePoint now, Actions& out)
{
    bool again = true;
    while (again && phase_ != Phase::finished) {
        while (!changes_.empty()) {
            const auto change = changes_.front();
            changes_.pop_front();
            if (has(change.instance)) react(change, now, out);
        }
        if (phase_ == Phase::running && is_over()) phase_ = Phase::stopping;
        again = phase_ == Phase::running ? start_what_may(now, out)
                : phase_ == Phase::idle  ? false
                                         : stop_what_may(now, out);
        again = again || !changes_.empty();
    }
    finish_what_is_over(out);
}

void Fleet::finish_what_is_over(Actions& out)
{
    if (phase_ == Phase::halting && active_workers_ == 0) phase_ = Phase::running; // people may start them again
    if (phase_ != Phase::stopping || active_ > 0) return;
    phase_ = Phase::sweeping;
    out.emplace_back(Sweep{});
}

void Fleet::react(const Change& change, TimePoint now, Actions& out)
{
    const auto id = change.instance.process;
    auto& process = at(id);
    const auto& instance = process.instances.at(change.instance.index);
    if (change.to == State::listening && !std::exchange(process.armed, true)) out.emplace_back(Listen{id});
    if (phase_ == Phase::running && is_worker(change.instance)) {
        if (is_down(instance.state()) && !instance.is_retired()) note_end(instance);
        follow_strategy(change, now, out);
    }
    remove_retired(id, out);
    if (process.rollout) step_rollout(id, now, out);
}

/// The code of an app that ends by itself is that of the first worker that stays down after a bad end, or of the one
/// that ends the app.
void Fleet::note_end(const Lifecycle& instance)
{
    const bool failed = instance.state() == State::failed;
    const int code = failed                ? failure_code(instance)
                     : instance.last_end() ? shell_code(instance.last_end()->status)
                                           : 0;
    if (failed && !exit_code_) exit_code_ = code;
    if (instance.ends_app()) {
        exit_code_ = code;
        phase_ = Phase::stopping;
    } else if (instance.has_given_up() && failed &&
               member(instance.id().process).spec.availability.on_give_up == procfiles::OnGiveUp::stop_all) {
        phase_ = Phase::halting;
    }
}

} // namespace pandora::supervisor::core
