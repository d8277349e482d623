// What a run is watched for while it is up, and the commands beside it. The other half of Lifecycle.
#include "supervisor/core/lifecycle.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace pandora::supervisor::core {

namespace {

// A command that outlives SIGKILL is waited for no longer than this; as for processes, see lifecycle.cpp.
constexpr Millis cancel_patience{5'000};

std::string seconds(Millis span)
{
    const auto whole = span.count() / 1000;
    return span.count() % 1000 == 0 ? std::to_string(whole) + " s" : std::to_string(span.count()) + " ms";
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes / (1024 * 1024)) + " MiB"; }

const procfiles::Hook* hook_of(const procfiles::Hooks& hooks, Command command)
{
    const auto pointer = [](const std::optional<procfiles::Hook>& hook) { return hook ? &*hook : nullptr; };
    switch (command) {
    case Command::before_start: return pointer(hooks.before_start);
    case Command::after_start: return pointer(hooks.after_start);
    case Command::before_stop: return pointer(hooks.before_stop);
    case Command::after_stop: return pointer(hooks.after_stop);
    case Command::stop:
    case Command::reload: return nullptr;
    }
    return nullptr;
}

} // namespace

void Lifecycle::arm_run_timers(TimePoint now)
{
    const auto& readiness = spec_->readiness;
    const auto limit = spec_->is_daemon ? spec_->launch_timeout : readiness.timeout;
    if (limit > Millis::zero()) start_timeout_ = now + limit;
    if (readiness.probe) readiness_.emplace(*readiness.probe, now);
    if (spec_->liveness) liveness_.emplace(*spec_->liveness, now);
    watchdog_period_ = spec_->watchdog;
    if (spec_->recycle.age == Millis::zero()) return;
    std::uniform_int_distribution<Millis::rep> spread{0, spec_->recycle.spread.count()};
    recycle_ = now + spec_->recycle.age + Millis{spread(random_)};
}

void Lifecycle::forget_run_timers()
{
    deadline_.reset();
    start_timeout_.reset();
    watchdog_.reset();
    recycle_.reset();
    readiness_.reset();
    liveness_.reset();
}

void Lifecycle::check_ready(TimePoint now, Actions& out)
{
    const bool up = spec_->is_daemon ? launched_ : pid_.has_value();
    if (state_ != State::starting || step_ != Step::running || !up) return;
    if (!promises_.kept()) return;
    start_timeout_.reset();
    if (watchdog_period_ > Millis::zero()) watchdog_ = now + watchdog_period_;
    change(State::ready, now, out);
    if (const auto* hook = hook_of(spec_->hooks, Command::after_start))
        run_command(Command::after_start, hook->timeout, now, out);
}

/// The command of a daemon has ended well: what it left behind is the process from now on.
void Lifecycle::launched(bool group_empty, TimePoint now, Actions& out)
{
    launched_ = true;
    daemon_escaped_ = group_empty;
    start_timeout_.reset();
    if (spec_->readiness.timeout > Millis::zero()) start_timeout_ = now + spec_->readiness.timeout;
    check_ready(now, out);
}

void Lifecycle::watch_run(TimePoint now, Actions& out)
{
    if (start_timeout_ && now >= *start_timeout_) {
        const auto limit = spec_->is_daemon ? spec_->launch_timeout : spec_->readiness.timeout;
        const auto missing = promises_.missing();
        return fail_run("not ready within " + seconds(limit) + (missing.empty() ? "" : ": waited for " + missing), now,
                        out);
    }
    if (watchdog_ && now >= *watchdog_) {
        out.emplace_back(Signal{id_, SIGABRT, Target::leader}); // for its core, as systemd does
        return fail_run("no WATCHDOG=1 for " + seconds(watchdog_period_), now, out);
    }
    if (recycle_ && now >= *recycle_) return restart("recycled after " + seconds(spec_->recycle.age), true, now, out);
    try_probe(readiness_, ProbeKind::readiness, now, out);
    try_probe(liveness_, ProbeKind::liveness, now, out);
}

void Lifecycle::try_probe(std::optional<ProbePolicy>& policy, ProbeKind kind, TimePoint now, Actions& out)
{
    if (!policy || !policy->due() || now < *policy->due()) return;
    policy->began(now);
    out.emplace_back(RunProbe{id_, run_, kind});
}

void Lifecycle::probe_answered(Run run, ProbeKind kind, bool passed, const std::string& detail, TimePoint now,
                               Actions& out)
{
    auto& policy = kind == ProbeKind::readiness ? readiness_ : liveness_;
    if (run != run_ || step_ != Step::running || !policy) return;
    const auto news = policy->answered(passed, now);
    if (!news) return;
    if (*news == ProbeState::failing)
        return fail_run((kind == ProbeKind::readiness ? "readiness failed " : "liveness failed ") +
                            std::to_string(policy->failures()) + "x: " + detail,
                        now, out);
    if (kind != ProbeKind::readiness) return;
    promises_.probe_passes(true);
    check_ready(now, out);
}

void Lifecycle::published(const std::string& object, TimePoint now, Actions& out)
{
    promises_.published(object);
    check_ready(now, out);
}

void Lifecycle::newline_written(Run run, TimePoint now, Actions& out)
{
    if (run != run_) return;
    promises_.newline_written();
    check_ready(now, out);
}

void Lifecycle::log_line_seen(Run run, TimePoint now, Actions& out)
{
    if (run != run_) return;
    promises_.line_seen();
    check_ready(now, out);
}

void Lifecycle::notified(const Notification& notification, TimePoint now, Actions& out)
{
    if (!is_live(state_)) return;
    if (notification.status) status_text_ = *notification.status;
    if (notification.extend_timeout) {
        const auto until = now + std::chrono::ceil<Millis>(*notification.extend_timeout);
        if (start_timeout_) start_timeout_ = std::max(*start_timeout_, until);
        if (deadline_ && step_ == Step::ending && kills_ == 0) deadline_ = std::max(*deadline_, until);
    }
    if (step_ != Step::running) return;
    if (notification.watchdog_period) watchdog_period_ = std::chrono::ceil<Millis>(*notification.watchdog_period);
    if (notification.watchdog == Heartbeat::trigger) return fail_run("asked to be ended by WATCHDOG=trigger", now, out);
    if (watchdog_ && (notification.watchdog || notification.watchdog_period)) watchdog_ = now + watchdog_period_;
    if (notification.ready) promises_.notified();
    check_ready(now, out);
}

void Lifecycle::main_pid_changed(pid_t pid)
{
    if (is_live(state_)) pid_ = pid;
}

void Lifecycle::memory_read(Run run, std::uint64_t bytes, TimePoint now, Actions& out)
{
    const auto limit = spec_->recycle.memory;
    if (run != run_ || step_ != Step::running || limit == 0 || bytes <= limit) return;
    restart("recycled: holds " + mebibytes(bytes) + ", more than " + mebibytes(limit), true, now, out);
}

void Lifecycle::reload(TimePoint now, Actions& out)
{
    if (state_ != State::ready || !spec_->reload) return;
    if (const auto* by_signal = std::get_if<procfiles::ReloadSignal>(&*spec_->reload))
        out.emplace_back(Signal{id_, by_signal->signal, Target::leader});
    else if (!commands_.contains(Command::reload))
        run_command(Command::reload, procfiles::Hook{}.timeout, now, out);
}

// --- commands -----------------------------------------------------------------------------------------------------

void Lifecycle::run_command(Command command, Millis limit, TimePoint now, Actions& out)
{
    commands_.insert_or_assign(command, Limit{now + limit});
    out.emplace_back(RunCommand{id_, run_, command});
}

void Lifecycle::advance_commands(TimePoint now, Actions& out)
{
    constexpr std::array all{Command::before_start, Command::after_start, Command::before_stop,
                             Command::stop,         Command::after_stop,  Command::reload};
    for (const auto command : all) { // not by iterator: what follows from one may erase others
        const auto found = commands_.find(command);
        if (found == commands_.end() || now < found->second.at) continue;
        if (found->second.cancelled) {
            command_ended(run_, command, NotStarted{"outlives SIGKILL", 1}, now, out);
        } else {
            out.emplace_back(CancelCommand{id_, command});
            found->second = {now + cancel_patience, true};
        }
    }
}

/// The run ends: at most one of its steps is under way, and what else runs is of no use any more.
void Lifecycle::cancel_commands(TimePoint now, Actions& out)
{
    for (auto& [command, limit] : commands_) {
        if (command == Command::stop || limit.cancelled) continue; // SIGKILL after the grace ends the stop command, too
        out.emplace_back(CancelCommand{id_, command});
        limit = {now + cancel_patience, true};
    }
}

void Lifecycle::command_ended(Run run, Command command, const ExitStatus& status, TimePoint now, Actions& out)
{
    if (run != run_ || commands_.erase(command) == 0) return;
    const auto failure = std::string{name(command)} + " failed: " + describe(status);
    if (!succeeded(status) && command != Command::before_start) out.emplace_back(Tell{id_, failure});
    switch (command) {
    case Command::before_start:
        if (step_ != Step::before_start) return;
        if (state_ == State::stopping) return end_of_run(now, out);
        if (succeeded(status)) return spawn(out);
        last_end_ = End{NotStarted{failure, std::max(1, shell_code(status))}, {}};
        return end_of_run(now, out);
    case Command::before_stop:
        if (step_ == Step::before_stop) drain_or_signal(now, out);
        return;
    case Command::stop: return stop_command_ended(status, now, out);
    case Command::after_stop:
        if (step_ == Step::after_stop) conclude(now, out);
        return;
    case Command::after_start:
    case Command::reload: return;
    }
}

/// Its exit code says nothing of the process, which has until its grace is over to end. Of a daemon in the background
/// nothing more can be known.
void Lifecycle::stop_command_ended(const ExitStatus& status, TimePoint now, Actions& out)
{
    if (step_ != Step::ending) return;
    if (std::holds_alternative<NotStarted>(status)) return signal_to_stop(spec_->shutdown.signal, out);
    if (launched_ && daemon_escaped_) end_of_run(now, out);
}

} // namespace pandora::supervisor::core
