#include "supervisor/core/lifecycle.hpp"

#include <algorithm>
#include <cassert>
#include <csignal>
#include <utility>

namespace pandora::supervisor::core {

namespace {

// A process in uninterruptible sleep outlives SIGKILL; it is sent again, as s6 does, and then given up: a stop must
// end.
constexpr Millis kill_again{5'000};
constexpr int kills_max = 3;

} // namespace

const char* name(State state)
{
    switch (state) {
    case State::pending: return "pending";
    case State::starting: return "starting";
    case State::ready: return "ready";
    case State::stopping: return "stopping";
    case State::backoff: return "backoff";
    case State::completed: return "completed";
    case State::failed: return "failed";
    case State::disabled: return "disabled";
    case State::scheduled: return "scheduled";
    case State::listening: return "listening";
    }
    return "unknown";
}

const char* name(Command command)
{
    switch (command) {
    case Command::before_start: return "hooks.before_start";
    case Command::after_start: return "hooks.after_start";
    case Command::before_stop: return "hooks.before_stop";
    case Command::stop: return "shutdown.command";
    case Command::after_stop: return "hooks.after_stop";
    case Command::reload: return "reload.command";
    }
    return "unknown";
}

Lifecycle::Lifecycle(InstanceId id, const procfiles::ProcessSpec& spec, std::uint32_t seed)
    : id_{id}, spec_{&spec}, random_{seed}, policy_{spec.availability, seed}, promises_{spec.readiness}
{
    state_ = resting_state(); // which looks at members that come after it
    if (state_ == State::scheduled && spec.schedule->run_on_start && id.index == 0) state_ = State::pending; // one run
    if (state_ == State::completed) state_ = State::pending;
}

/// What it is when it is down and well.
State Lifecycle::resting_state() const
{
    if (spec_->disabled && starts_ == 0) return State::disabled;
    if (spec_->schedule) return State::scheduled;
    if (spec_->on_demand) return State::listening;
    return State::completed;
}

void Lifecycle::change(State to, TimePoint now, Actions& out, Announce details)
{
    details.instance = id_;
    details.from = state_;
    details.to = to;
    details.at = now;
    state_ = to;
    out.emplace_back(std::move(details));
}

// --- starting -----------------------------------------------------------------------------------------------------

void Lifecycle::ask_start(TimePoint now, Actions& out)
{
    if (retired_) return;
    held_ = false;
    if (left_behind_) {
        out.emplace_back(Tell{id_, "cannot start: its last run outlives SIGKILL"});
    } else if (state_ == State::backoff) {
        deadline_.reset();
        backoff_over_ = true;
    } else if (state_ == State::stopping) {
        if (after_ != After::again) run_again("start asked for", false);
    } else if (!is_live(state_) && state_ != State::pending) {
        gave_up_ = ends_app_ = again_counted_ = false;
        policy_ = RestartPolicy{spec_->availability, static_cast<std::uint32_t>(random_())};
        change(State::pending, now, out);
    }
}

void Lifecycle::begin(TimePoint now, Actions& out)
{
    assert(wants_start());
    if (state_ == State::backoff || std::exchange(again_counted_, false)) ++restarts_;
    run_ = Run{static_cast<std::uint32_t>(run_) + 1};
    after_ = After::policy;
    backoff_over_ = held_ = gave_up_ = ends_app_ = group_told_ = launched_ = daemon_escaped_ = false;
    kills_ = 0;
    started_at_.reset();
    promises_ = Promises{spec_->readiness};
    fault_.clear();
    status_text_.clear();
    change(State::starting, now, out);
    if (!spec_->hooks.before_start) return spawn(out);
    step_ = Step::before_start;
    run_command(Command::before_start, spec_->hooks.before_start->timeout, now, out);
}

void Lifecycle::spawn(Actions& out)
{
    step_ = Step::running;
    out.emplace_back(Spawn{id_, run_});
}

void Lifecycle::spawned(pid_t pid, TimePoint now, Actions& out)
{
    pid_ = pid;
    ++starts_;
    started_at_ = now;
    if (step_ == Step::running) {
        arm_run_timers(now);
        return check_ready(now, out);
    }
    if (kills_ > 0) return out.push_back(Signal{id_, SIGKILL, Target::group}); // asked to end before it was there
    signal_to_stop(spec_->shutdown.signal, out);
}

void Lifecycle::spawn_failed(const NotStarted& why, TimePoint now, Actions& out) { ended(why, true, false, now, out); }

void Lifecycle::refuse(std::string cause, TimePoint now, Actions& out)
{
    assert(state_ == State::pending);
    ends_app_ = spec_->availability.exit_on_skipped;
    last_end_ = End{NotStarted{std::move(cause), 1}, {}};
    change(State::failed, now, out, {.end = last_end_});
}

// --- stopping -----------------------------------------------------------------------------------------------------

void Lifecycle::stop(TimePoint now, Actions& out)
{
    held_ = true;
    if (state_ == State::stopping) {
        after_ = After::stay_down; // what ends already is not told again
    } else if (is_live(state_)) {
        after_ = After::stay_down;
        begin_stopping({}, now, out);
    } else if (!is_down(state_) && state_ != State::disabled) {
        deadline_.reset();
        backoff_over_ = false;
        change(State::completed, now, out, {.end = last_end_, .cause = "stopped before it started"});
    }
}

void Lifecycle::stop_with(const std::string& other, TimePoint now, Actions& out)
{
    out.emplace_back(Tell{id_, "stopped with its group: " + other});
    stop(now, out);
    held_ = false;
}

void Lifecycle::retire(TimePoint now, Actions& out)
{
    retired_ = true;
    stop(now, out);
}

void Lifecycle::revive(TimePoint now, Actions& out)
{
    retired_ = false;
    ask_start(now, out);
}

void Lifecycle::restart(const std::string& cause, bool counted, TimePoint now, Actions& out)
{
    if (retired_) return;
    if (!is_live(state_)) return ask_start(now, out);
    run_again(cause, counted);
    if (state_ != State::stopping) begin_stopping(cause, now, out);
}

void Lifecycle::run_again(std::string cause, bool counted)
{
    after_ = After::again;
    again_cause_ = std::move(cause);
    again_counted_ = counted;
}

/// The run is to end in good order: the hook, the hub's leave, then the signal.
void Lifecycle::begin_stopping(const std::string& cause, TimePoint now, Actions& out)
{
    const auto step = step_;
    const bool was_ready = state_ == State::ready;
    forget_run_timers();
    change(State::stopping, now, out, {.cause = cause});
    if (step == Step::before_start) return cancel_commands(now, out); // its end is the end of the run
    if (!pid_ && !launched_) return tell_to_end(now, out);            // the spawn has not been reported yet
    if (!spec_->hooks.before_stop || !was_ready) return drain_or_signal(now, out);
    step_ = Step::before_stop;
    run_command(Command::before_stop, spec_->hooks.before_stop->timeout, now, out);
}

void Lifecycle::drain_or_signal(TimePoint now, Actions& out)
{
    if (spec_->shutdown.drain == Millis::zero() || !pid_) return tell_to_end(now, out);
    step_ = Step::draining;
    deadline_ = now + spec_->shutdown.drain;
    out.emplace_back(Drain{id_, run_, spec_->shutdown.drain});
}

void Lifecycle::drained(Run run, TimePoint now, Actions& out)
{
    if (run == run_ && step_ == Step::draining) tell_to_end(now, out);
}

void Lifecycle::tell_to_end(TimePoint now, Actions& out)
{
    step_ = Step::ending;
    deadline_ = now + spec_->shutdown.timeout;
    if (spec_->shutdown.command.empty()) return signal_to_stop(spec_->shutdown.signal, out);
    commands_.insert_or_assign(Command::stop, Limit{TimePoint::max()}); // its time is the grace
    out.emplace_back(RunCommand{id_, run_, Command::stop});
}

void Lifecycle::signal_to_stop(int signal, Actions& out)
{
    const auto target = spec_->shutdown.parent_only ? Target::leader : Target::group;
    group_told_ = target == Target::group;
    out.emplace_back(Signal{id_, signal, target});
    out.emplace_back(Signal{id_, SIGCONT, target}); // a stopped process would never see the signal
}

/// The run has failed while its process lives: that ends without ceremony, and the restart policy decides.
void Lifecycle::fail_run(std::string fault, TimePoint now, Actions& out)
{
    fault_ = std::move(fault);
    forget_run_timers();
    change(State::stopping, now, out, {.cause = fault_});
    tell_to_end(now, out);
}

void Lifecycle::kill(TimePoint now, Actions& out)
{
    held_ = true;
    if (!is_live(state_)) return stop(now, out);
    after_ = After::stay_down;
    const auto step = step_;
    forget_run_timers();
    if (state_ != State::stopping) change(State::stopping, now, out);
    cancel_commands(now, out);
    if (step == Step::before_start || step == Step::after_stop) return; // there is nothing else to kill
    step_ = Step::ending;
    send_kill(now, out);
}

void Lifecycle::send_kill(TimePoint now, Actions& out)
{
    ++kills_;
    group_told_ = true;
    out.emplace_back(Signal{id_, SIGKILL, Target::group});
    deadline_ = now + kill_again;
}

/// The grace is over.
void Lifecycle::escalate(TimePoint now, Actions& out)
{
    if (launched_ && daemon_escaped_) return end_of_run(now, out); // nobody can be waited for
    if (kills_ < kills_max) {
        out.emplace_back(Tell{id_, "still there after its grace; sent SIGKILL to its process group"});
        return send_kill(now, out);
    }
    deadline_.reset();
    step_ = Step::idle;
    left_behind_ = true;
    change(State::failed, now, out, {.cause = "outlives SIGKILL; left behind"});
}

// --- ends -----------------------------------------------------------------------------------------------------

void Lifecycle::ended(const ExitStatus& status, bool group_empty, bool out_of_memory, TimePoint now, Actions& out)
{
    pid_.reset();
    left_behind_ = left_behind_ && !group_empty;
    if (!is_live(state_)) return; // it was left behind
    if (out_of_memory) fault_ = "killed for memory";
    last_end_ = End{status, fault_};
    const bool launches = spec_->is_daemon && !launched_ && step_ == Step::running;
    if (launches && is_good(*last_end_)) return launched(group_empty, now, out);
    if (step_ == Step::before_stop) cancel_commands(now, out);
    if (group_empty) return end_of_run(now, out);
    if (step_ != Step::ending) {
        forget_run_timers();
        deadline_ = now + spec_->shutdown.timeout;
        if (state_ != State::stopping)
            change(State::stopping, now, out, {.end = last_end_, .cause = "ending the rest of its process group"});
        step_ = Step::ending;
    }
    end_group(out);
}

/// Of a group whose leader has ended; the grace is the one that runs already.
void Lifecycle::end_group(Actions& out)
{
    if (std::exchange(group_told_, true)) return;
    out.emplace_back(Signal{id_, SIGTERM, Target::group});
    out.emplace_back(Signal{id_, SIGCONT, Target::group});
}

void Lifecycle::group_emptied(TimePoint now, Actions& out)
{
    left_behind_ = false;
    if (pid_) return;
    if (launched_ && step_ == Step::running) {
        fault_ = "its processes are gone";
        return end_of_run(now, out);
    }
    // A hook may have told it to go, or it went by itself meanwhile.
    if (step_ == Step::ending || step_ == Step::before_stop || step_ == Step::draining) end_of_run(now, out);
}

/// Nothing of this run is left but, perhaps, a hook to run.
void Lifecycle::end_of_run(TimePoint now, Actions& out)
{
    if (launched_ && !fault_.empty()) last_end_->fault = fault_; // so far it tells of the command that launched it
    forget_run_timers();
    cancel_commands(now, out);
    if (commands_.contains(Command::stop))
        out.emplace_back(CancelCommand{id_, Command::stop});      // nothing is left to stop
    const bool killed = kills_ > 0 && after_ == After::stay_down; // a hurry, or a process that did not obey
    if (!spec_->hooks.after_stop || !started_at_ || killed) return conclude(now, out);
    if (state_ != State::stopping) change(State::stopping, now, out, {.end = last_end_, .cause = "hooks.after_stop"});
    step_ = Step::after_stop;
    run_command(Command::after_stop, spec_->hooks.after_stop->timeout, now, out);
}

void Lifecycle::conclude(TimePoint now, Actions& out)
{
    step_ = Step::idle;
    commands_.clear(); // whatever still runs belongs to no run any more
    switch (after_) {
    case After::policy: return decide(now, out);
    case After::stay_down: return change(State::completed, now, out, {.end = last_end_, .cause = "stopped"});
    case After::again: return change(State::pending, now, out, {.end = last_end_, .cause = again_cause_});
    }
}

void Lifecycle::decide(TimePoint now, Actions& out)
{
    const RunEnd end{.good = is_good(*last_end_),
                     .began = started_at_.has_value(),
                     .ran_for = started_at_ ? now - *started_at_ : Clock::duration::zero()};
    const auto verdict = policy_.on_end(end, now);
    if (const auto* restart = std::get_if<RestartAfter>(&verdict)) {
        deadline_ = now + restart->delay;
        return change(State::backoff, now, out, {.end = last_end_, .delay = restart->delay});
    }
    gave_up_ = std::holds_alternative<GiveUp>(verdict);
    ends_app_ = std::holds_alternative<EndApp>(verdict) ||
                (gave_up_ && spec_->availability.on_give_up == procfiles::OnGiveUp::exit);
    if (!gave_up_) return stay_down(now, out);
    change(State::failed, now, out,
           {.end = last_end_,
            .cause = "gave up after " + std::to_string(spec_->availability.max_restarts) + " restarts in " +
                     std::to_string(spec_->availability.restart_window.count() / 1000) + " s"});
}

/// No restart: it ends, or waits for its next occasion. A job that has failed once comes again at its next time.
void Lifecycle::stay_down(TimePoint now, Actions& out)
{
    const auto resting = resting_state();
    const bool failed = !is_good(*last_end_) && (resting != State::scheduled || ends_app_);
    change(failed ? State::failed : resting, now, out, {.end = last_end_});
}

bool Lifecycle::is_good(const End& end) const
{
    if (!end.fault.empty()) return false;
    const auto* exited = std::get_if<Exited>(&end.status);
    return exited && (exited->code == 0 || std::ranges::count(spec_->success_exit_codes, exited->code) > 0);
}

// --- timers -----------------------------------------------------------------------------------------------------

std::optional<TimePoint> Lifecycle::deadline() const
{
    std::optional<TimePoint> first;
    const auto consider = [&first](std::optional<TimePoint> at) {
        if (at && (!first || *at < *first)) first = at;
    };
    consider(deadline_);
    consider(start_timeout_);
    consider(watchdog_);
    consider(recycle_);
    for (const auto& [command, limit] : commands_)
        if (limit.at != TimePoint::max()) consider(limit.at);
    if (step_ != Step::running || !started_at_) return first;
    if (readiness_) consider(readiness_->due());
    if (liveness_) consider(liveness_->due());
    return first;
}

void Lifecycle::advance(TimePoint now, Actions& out)
{
    advance_commands(now, out);
    switch (step_) {
    case Step::running: return watch_run(now, out);
    case Step::draining:
        if (deadline_ && now >= *deadline_) {
            out.emplace_back(Tell{id_, "calls were still in flight when its drain was over"});
            tell_to_end(now, out);
        }
        return;
    case Step::ending:
        if (deadline_ && now >= *deadline_) escalate(now, out);
        return;
    case Step::idle:
        if (state_ != State::backoff || !deadline_ || now < *deadline_) return;
        deadline_.reset();
        backoff_over_ = true;
        return;
    case Step::before_start:
    case Step::before_stop:
    case Step::after_stop: return;
    }
}

} // namespace pandora::supervisor::core
