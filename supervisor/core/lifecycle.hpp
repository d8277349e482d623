// One instance of one process: its state, its timers, its restarts. Pure; the Fleet owns one for each replica.
//
//   pending --start--> starting --ready--> ready
//                        |  ^               |
//                        |  | delay over    | ended by itself
//                        |  +---- backoff <-+----> completed | failed
//                        |                  |
//                        +--stop--> stopping+  (grace over: SIGKILL to the group)
//
// and pending --stop--> completed, pending --dependency failed--> failed.
//
// When a leader ends but members of its process group live on, the instance is `stopping` until they are gone: a
// restarted server must not find its port held by its own leftovers.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/core/actions.hpp"
#include "supervisor/core/restart_policy.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <sys/types.h>

namespace pandora::supervisor::core {

class Lifecycle {
public:
    /// `spec` must outlive the object.
    Lifecycle(InstanceId id, const procfiles::ProcessSpec& spec);

    // What happened. Each appends what is to be done to `out`.
    void start(TimePoint now, Actions& out); // from pending only
    void spawned(pid_t pid, TimePoint now, Actions& out);
    void ended(const ExitStatus& status, bool group_empty, TimePoint now, Actions& out);
    void group_emptied(TimePoint now, Actions& out);
    void stop_command_failed(TimePoint now, Actions& out); // the signal is sent instead
    void published(const std::string& object, TimePoint now, Actions& out);
    void stop(TimePoint now, Actions& out);                      // with its grace; no restart afterwards
    void kill(TimePoint now, Actions& out);                      // at once
    void advance(TimePoint now, Actions& out);                   // performs what is due
    void refuse(std::string cause, TimePoint now, Actions& out); // pending -> failed: a dependency failed

    InstanceId id() const { return id_; }

    State state() const { return state_; }

    std::optional<TimePoint> deadline() const { return deadline_; }

    std::optional<pid_t> pid() const { return pid_; }

    std::uint32_t restarts() const { return restarts_; }

    std::optional<TimePoint> started_at() const { return started_at_; }

    const std::optional<ExitStatus>& last_end() const { return last_end_; }

    /// exec has succeeded at least once.
    bool has_started() const { return starts_ > 0; }

    /// Its last end asks that the app ends with it (`exit_on_failure`, `exit_on_end`).
    bool ends_app() const { return ends_app_; }

private:
    void spawn(TimePoint now, Actions& out);
    void change(State to, TimePoint now, Actions& out, Announce details = {});
    void signal_to_stop(Actions& out);
    void end_group(Actions& out);
    void send_kill(TimePoint now, Actions& out);
    void settle(TimePoint now, Actions& out);
    void decide(TimePoint now, Actions& out);
    bool begin_stop(TimePoint now, Actions& out);
    bool promises_kept() const;

    InstanceId id_;
    const procfiles::ProcessSpec* spec_;
    RestartPolicy policy_;
    State state_ = State::pending;
    std::optional<pid_t> pid_;            // of the live leader
    std::optional<TimePoint> deadline_;   // backoff: start; stopping: SIGKILL
    std::optional<TimePoint> started_at_; // of the present or last run
    std::optional<ExitStatus> last_end_;
    std::set<std::string> published_; // promised objects seen in this run
    std::uint32_t starts_ = 0;
    std::uint32_t restarts_ = 0;
    int kills_ = 0;           // SIGKILLs sent to this run
    bool group_told_ = false; // the whole group of this run has got a signal to end
    bool stop_requested_ = false;
    bool ends_app_ = false;
};

} // namespace pandora::supervisor::core
