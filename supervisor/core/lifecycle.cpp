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
    }
    return "unknown";
}

Lifecycle::Lifecycle(InstanceId id, const procfiles::ProcessSpec& spec)
    : id_{id}, spec_{&spec}, policy_{spec.availability}
{}

void Lifecycle::change(State to, TimePoint now, Actions& out, Announce details)
{
    details.instance = id_;
    details.from = state_;
    details.to = to;
    details.at = now;
    state_ = to;
    out.emplace_back(std::move(details));
}

void Lifecycle::spawn(TimePoint now, Actions& out)
{
    if (starts_ > 0 || last_end_) ++restarts_;
    deadline_.reset();
    published_.clear();
    started_at_.reset();
    kills_ = 0;
    group_told_ = false;
    change(State::starting, now, out);
    out.emplace_back(Spawn{id_});
}

void Lifecycle::start(TimePoint now, Actions& out)
{
    assert(state_ == State::pending);
    spawn(now, out);
}

void Lifecycle::spawned(pid_t pid, TimePoint now, Actions& out)
{
    pid_ = pid;
    ++starts_;
    started_at_ = now;
    if (state_ == State::starting && promises_kept()) change(State::ready, now, out);
}

bool Lifecycle::promises_kept() const
{
    return std::ranges::all_of(spec_->objects, [&](const auto& object) { return published_.contains(object); });
}

void Lifecycle::published(const std::string& object, TimePoint now, Actions& out)
{
    published_.insert(object);
    if (state_ == State::starting && pid_ && promises_kept()) change(State::ready, now, out);
}

void Lifecycle::ended(const ExitStatus& status, bool group_empty, TimePoint now, Actions& out)
{
    pid_.reset();
    last_end_ = status;
    if (is_down(state_)) return; // it had been given up
    if (group_empty) return settle(now, out);
    if (state_ != State::stopping) {
        deadline_ = now + spec_->shutdown.timeout;
        change(State::stopping, now, out, {.end = last_end_, .cause = "ending the rest of its process group"});
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
    if (state_ == State::stopping && !pid_) settle(now, out);
}

/// Nothing of this run is left.
void Lifecycle::settle(TimePoint now, Actions& out)
{
    deadline_.reset();
    if (!stop_requested_) return decide(now, out);
    change(State::completed, now, out, {.end = last_end_, .cause = "stopped"});
}

void Lifecycle::decide(TimePoint now, Actions& out)
{
    const auto ran_for = started_at_ ? now - *started_at_ : Clock::duration::zero();
    const auto verdict = policy_.on_end(*last_end_, ran_for, now);
    const auto down = succeeded(*last_end_) ? State::completed : State::failed;
    if (const auto* restart = std::get_if<RestartAfter>(&verdict)) {
        change(State::backoff, now, out, {.end = last_end_, .delay = restart->delay});
        deadline_ = now + restart->delay;
    } else if (std::holds_alternative<GiveUp>(verdict)) {
        change(State::failed, now, out,
               {.end = last_end_,
                .cause = "gave up after " + std::to_string(spec_->availability.max_restarts) + " restarts in " +
                         std::to_string(spec_->availability.restart_window.count() / 1000) + " s"});
    } else {
        ends_app_ = std::holds_alternative<EndApp>(verdict);
        change(down, now, out, {.end = last_end_});
    }
}

/// Marks the instance as one that is to stay down. True where a live process has to be ended for it.
bool Lifecycle::begin_stop(TimePoint now, Actions& out)
{
    stop_requested_ = true;
    if (state_ == State::pending || state_ == State::backoff) {
        deadline_.reset();
        change(State::completed, now, out, {.end = last_end_, .cause = "stopped before it started"});
    }
    return is_live(state_);
}

void Lifecycle::stop(TimePoint now, Actions& out)
{
    if (stop_requested_ || !begin_stop(now, out)) return;
    if (state_ == State::stopping) return; // its leftovers are being ended already
    deadline_ = now + spec_->shutdown.timeout;
    change(State::stopping, now, out);
    if (!spec_->shutdown.command.empty())
        out.emplace_back(RunStopCommand{id_});
    else
        signal_to_stop(out);
}

void Lifecycle::signal_to_stop(Actions& out)
{
    const auto target = spec_->shutdown.parent_only ? Target::leader : Target::group;
    group_told_ = target == Target::group;
    out.emplace_back(Signal{id_, spec_->shutdown.signal, target});
    out.emplace_back(Signal{id_, SIGCONT, target}); // a stopped process would never see the signal
}

void Lifecycle::stop_command_failed(TimePoint, Actions& out)
{
    if (state_ == State::stopping && pid_) signal_to_stop(out);
}

void Lifecycle::kill(TimePoint now, Actions& out)
{
    if (is_down(state_) || !begin_stop(now, out)) return;
    if (state_ != State::stopping) change(State::stopping, now, out);
    send_kill(now, out);
}

void Lifecycle::advance(TimePoint now, Actions& out)
{
    if (!deadline_ || now < *deadline_) return;
    if (state_ == State::backoff) return spawn(now, out);
    assert(state_ == State::stopping);
    if (kills_ == kills_max) {
        deadline_.reset();
        change(State::failed, now, out, {.cause = "outlives SIGKILL; left behind"});
        return;
    }
    change(State::stopping, now, out, {.cause = "still there after its grace; sent SIGKILL to its process group"});
    send_kill(now, out);
}

void Lifecycle::send_kill(TimePoint now, Actions& out)
{
    ++kills_;
    group_told_ = true;
    out.emplace_back(Signal{id_, SIGKILL, Target::group});
    deadline_ = now + kill_again;
}

void Lifecycle::refuse(std::string cause, TimePoint now, Actions& out)
{
    assert(state_ == State::pending);
    last_end_ = NotStarted{cause, 1};
    change(State::failed, now, out, {.end = last_end_});
}

} // namespace pandora::supervisor::core
