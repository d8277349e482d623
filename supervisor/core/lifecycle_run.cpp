// What a run is watched for while it is up. A part of Lifecycle.
#include "supervisor/core/lifecycle.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace pandora::supervisor::core {

namespace {

std::string seconds(Millis span)
{
    const auto whole = span.count() / 1000;
    return span.count() % 1000 == 0 ? std::to_string(whole) + " s" : std::to_string(span.count()) + " ms";
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes / (1024 * 1024)) + " MiB"; }

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
    arm_watchdog(now);
    change(State::ready, now, out);
    if (const auto& hook = spec_->hooks.after_start) run_command(Command::after_start, hook->timeout, now, out);
}

void Lifecycle::arm_watchdog(TimePoint now)
{
    watchdog_.reset();
    if (watchdog_period_ > Millis::zero()) watchdog_ = now + watchdog_period_;
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
        const bool launches = spec_->is_daemon && !launched_;
        const auto limit = launches ? spec_->launch_timeout : spec_->readiness.timeout;
        const auto missing = launches ? "the end of its command" : promises_.missing();
        return fail_run("not ready within " + seconds(limit) + (missing.empty() ? "" : ": waited for " + missing), now,
                        out);
    }
    if (watchdog_ && now >= *watchdog_) {
        return abort_run("no WATCHDOG=1 for " + seconds(watchdog_period_), now, out);
    }
    if (recycle_ && now >= *recycle_) return restart("recycled after " + seconds(spec_->recycle.age), true, now, out);
    try_probe(readiness_, ProbeKind::readiness, now, out);
    try_probe(liveness_, ProbeKind::liveness, now, out);
}

/// As fail_run, but for its core, as systemd does. The stop signal beside it could be the one that a thread takes
/// first.
void Lifecycle::abort_run(std::string fault, TimePoint now, Actions& out)
{
    if (!pid_) return fail_run(std::move(fault), now, out); // in the background: nobody knows which is the main one
    fault_ = std::move(fault);
    forget_run_timers();
    change(State::stopping, now, out, {.cause = fault_});
    step_ = Step::ending;
    deadline_ = now + spec_->shutdown.timeout;
    out.emplace_back(Signal{id_, SIGABRT, Target::leader});
    out.emplace_back(Signal{id_, SIGCONT, Target::leader});
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
    if (notification.watchdog == Heartbeat::trigger)
        return abort_run("asked to be ended by WATCHDOG=trigger", now, out);
    if (state_ == State::ready && (notification.watchdog || notification.watchdog_period)) arm_watchdog(now);
    if (notification.ready) promises_.notified();
    check_ready(now, out);
}

/// A daemon that names its main process while its command still runs has been launched: the end of that command is not
/// reported any more.
void Lifecycle::main_pid_changed(pid_t pid, TimePoint now, Actions& out)
{
    if (!is_live(state_)) return;
    const bool launches = spec_->is_daemon && !launched_ && step_ == Step::running && pid_ && pid_ != pid;
    pid_ = pid;
    if (launches) launched(false, now, out);
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

} // namespace pandora::supervisor::core
