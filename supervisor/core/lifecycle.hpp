// One instance of one process: its state, its timers, its restarts. Pure; the Fleet owns one for each replica.
//
//   pending --begin--> starting --ready--> ready
//                        |  ^               |
//                        |  | delay over    | ended by itself
//                        |  +---- backoff <-+----> completed | failed | scheduled | listening
//                        |                  |
//                        +-stop, restart, fault-> stopping -> completed | pending | as after an end by itself
//
// and pending --stop--> completed, pending --dependency failed--> failed, and from every state in which it is down
// --ask_start--> pending.
//
// A run goes through steps: before_start hook, running, before_stop hook, draining, ending, after_stop hook. `starting`
// and `ready` are the first two of them, `stopping` the others. What follows a run was decided when its end began: its
// restart policy, staying down, or another run.
//
// When a leader ends but members of its process group live on, the instance is `stopping` until they are gone: a
// restarted server must not find its port held by its own leftovers.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/core/actions.hpp"
#include "supervisor/core/notification.hpp"
#include "supervisor/core/probe_policy.hpp"
#include "supervisor/core/promises.hpp"
#include "supervisor/core/restart_policy.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <sys/types.h>

namespace pandora::supervisor::core {

class Lifecycle {
public:
    /// `spec` must outlive the object. `seed`: of all that is random in it.
    Lifecycle(InstanceId id, const procfiles::ProcessSpec& spec, std::uint32_t seed);

    // What is wanted of it. Each appends what is to be done to `out`.
    void ask_start(TimePoint now, Actions& out); // it is to run; where it runs already nothing happens
    void begin(TimePoint now, Actions& out);     // only where wants_start()
    void stop(TimePoint now, Actions& out);      // with its grace; no restart afterwards
    void kill(TimePoint now, Actions& out);      // at once
    void stop_with(const std::string& other, TimePoint now, Actions& out); // as stop, but no person wants it so

    /// Another run instead of this one, with dependencies waited for. `counted`: as one of its restarts.
    void restart(const std::string& cause, bool counted, TimePoint now, Actions& out);
    void reload(TimePoint now, Actions& out);                    // where it is ready and has a way to
    void refuse(std::string cause, TimePoint now, Actions& out); // pending -> failed: a dependency failed
    void retire(TimePoint now, Actions& out);                    // stop, and never come back
    void revive(TimePoint now, Actions& out);                    // after retire(): it is wanted after all

    // What happened.
    void spawned(pid_t pid, TimePoint now, Actions& out);
    void spawn_failed(const NotStarted& why, TimePoint now, Actions& out);
    void ended(const ExitStatus& status, bool group_empty, bool out_of_memory, TimePoint now, Actions& out);
    void group_emptied(TimePoint now, Actions& out);
    void main_pid_changed(pid_t pid, TimePoint now, Actions& out);
    void command_ended(Run run, Command command, const ExitStatus& status, TimePoint now, Actions& out);
    void drained(Run run, TimePoint now, Actions& out);
    void probe_answered(Run run, ProbeKind kind, bool passed, const std::string& detail, TimePoint now, Actions& out);
    void published(const std::string& object, TimePoint now, Actions& out);
    void notified(const Notification& notification, TimePoint now, Actions& out);
    void newline_written(Run run, TimePoint now, Actions& out);
    void log_line_seen(Run run, TimePoint now, Actions& out);
    void memory_read(Run run, std::uint64_t bytes, TimePoint now, Actions& out);
    void advance(TimePoint now, Actions& out); // performs what is due

    InstanceId id() const { return id_; }

    State state() const { return state_; }

    Run run() const { return run_; }

    std::optional<TimePoint> deadline() const;

    /// begin() may be called: it is pending, or its backoff is over.
    bool wants_start() const { return state_ == State::pending || (state_ == State::backoff && backoff_over_); }

    /// It is to wait for its dependencies; a restart after an end by itself is not.
    bool waits_for_dependencies() const { return state_ == State::pending; }

    /// Of one that is stopping: another run follows, since one was asked for, or the restart policy may want one.
    bool may_return() const
    {
        return after_ == After::again ||
               (after_ == After::policy && spec_->availability.restart != procfiles::Restart::no);
    }

    /// Its before_start hook is at work: there is no process yet.
    bool is_preparing() const { return step_ == Step::before_start; }

    std::optional<pid_t> pid() const { return pid_; }

    std::uint32_t restarts() const { return restarts_; }

    std::optional<TimePoint> started_at() const { return started_at_; }

    const std::optional<End>& last_end() const { return last_end_; }

    /// "STATUS=" of sd_notify(3).
    const std::string& status_text() const { return status_text_; }

    /// What its readiness still waits for; empty where that is nothing.
    std::string missing() const { return promises_.missing(); }

    const Promises& promises() const { return promises_; }

    ProbeState liveness() const { return liveness_ ? liveness_->state() : ProbeState::unknown; }

    /// exec has succeeded at least once.
    bool has_started() const { return starts_ > 0; }

    /// A person asked that it stays down: it may be started again by one, so the app goes on.
    bool is_held() const { return held_; }

    bool is_retired() const { return retired_; }

    bool has_given_up() const { return gave_up_; }

    /// Its last run ended as the procfile calls good.
    bool has_ended_well() const { return last_end_ && is_good(*last_end_); }

    /// Its last end asks that the app ends with it (`exit_on_failure`, `exit_on_end`, `exit_on_skipped`).
    bool ends_app() const { return ends_app_; }

private:
    enum class Step : std::uint8_t { idle, before_start, running, before_stop, draining, ending, after_stop };
    enum class After : std::uint8_t { policy, stay_down, again };

    State resting_state() const;
    void change(State to, TimePoint now, Actions& out, Announce details = {});
    void spawn(Actions& out);
    void forget_run_timers();
    void arm_run_timers(TimePoint now);
    void run_again(std::string cause, bool counted);
    void check_ready(TimePoint now, Actions& out);
    void arm_watchdog(TimePoint now);
    void launched(bool group_empty, TimePoint now, Actions& out);
    void run_command(Command command, Millis limit, TimePoint now, Actions& out);
    void cancel_commands(TimePoint now, Actions& out);
    void watch_run(TimePoint now, Actions& out);
    void try_probe(std::optional<ProbePolicy>& policy, ProbeKind kind, TimePoint now, Actions& out);
    void fail_run(std::string fault, TimePoint now, Actions& out);
    void abort_run(std::string fault, TimePoint now, Actions& out);
    void begin_stopping(const std::string& cause, TimePoint now, Actions& out);
    void drain_or_signal(TimePoint now, Actions& out);
    void tell_to_end(TimePoint now, Actions& out);
    void signal_to_stop(int signal, Actions& out);
    void end_group(Actions& out);
    void escalate(TimePoint now, Actions& out);
    void send_kill(TimePoint now, Actions& out);
    void end_of_run(TimePoint now, Actions& out);
    void conclude(TimePoint now, Actions& out);
    void decide(TimePoint now, Actions& out);
    void stay_down(TimePoint now, Actions& out);
    void stop_command_ended(const ExitStatus& status, TimePoint now, Actions& out);
    void advance_commands(TimePoint now, Actions& out);
    bool is_good(const End& end) const;

    struct Limit {
        TimePoint at{};
        bool cancelled = false; // it is waited for no longer than `at`, whatever becomes of it
    };

    InstanceId id_;
    const procfiles::ProcessSpec* spec_;
    std::minstd_rand random_;
    RestartPolicy policy_;
    State state_{};
    Step step_ = Step::idle;
    After after_ = After::policy;
    Run run_{};

    // Of the present or last run.
    std::optional<pid_t> pid_;            // of the live leader, or the main process it has named
    std::optional<TimePoint> started_at_; // exec succeeded
    Promises promises_;
    std::optional<ProbePolicy> readiness_;
    std::optional<ProbePolicy> liveness_;
    std::string status_text_;
    std::string fault_;       // why the supervisor ends it
    std::string again_cause_; // why another run follows
    int kills_ = 0;           // SIGKILLs sent
    bool group_told_ = false; // the whole group has got a signal to end
    bool again_counted_ = false;
    bool launched_ = false;       // is_daemon: its command has ended well, and what it started runs
    bool daemon_escaped_ = false; // ... outside its process group: nobody can tell whether it does

    // Timers. Each is there only while it can fire.
    std::optional<TimePoint> deadline_;      // backoff: start; draining and ending: go on
    std::optional<TimePoint> start_timeout_; // starting
    std::optional<TimePoint> watchdog_;      // running
    std::optional<TimePoint> recycle_;       // running
    std::map<Command, Limit> commands_;      // running ones, and when each has to be over
    Millis watchdog_period_{};

    // Of the whole life.
    std::optional<End> last_end_;
    std::uint32_t starts_ = 0;
    std::uint32_t restarts_ = 0;
    bool backoff_over_ = false;
    bool held_ = false;
    bool retired_ = false;
    bool gave_up_ = false;
    bool ends_app_ = false;
    bool left_behind_ = false; // what outlives SIGKILL is still there
};

} // namespace pandora::supervisor::core
