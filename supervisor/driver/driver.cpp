#include "supervisor/driver/driver.hpp"

#include "supervisor/core/overloaded.hpp"
#include "supervisor/os/orphans.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

namespace pandora::supervisor {

namespace {

using core::InstanceId;

// Adopted orphans are looked for this much later than the SIGCHLD that may stand for them: the look walks over all our
// children in the kernel, and one serves a whole burst.
constexpr std::chrono::milliseconds orphan_delay{50};

/// What is reported meanwhile waits its turn, also after an exception.
class Busy {
public:
    explicit Busy(bool& flag) : flag_{flag} { flag_ = true; }

    ~Busy() { flag_ = false; }

    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

private:
    bool& flag_;
};

bool is_word(const core::Action& action)
{
    return std::holds_alternative<core::Announce>(action) || std::holds_alternative<core::Tell>(action) ||
           std::holds_alternative<core::Finish>(action);
}

} // namespace

Driver::Driver(boost::asio::io_context& io, core::Fleet& fleet, logs::Pump& pump, Host& host)
    : io_{io}, fleet_{fleet}, pump_{pump}, host_{host},
      commands_{io, pump, host,
                [this](core::Event event) {
                    report(std::move(event));
                    children_.check_groups(); // a stop command may have been all that was left
                }},
      children_{io,
                pump,
                host,
                [this](core::Event event) { child_reported(std::move(event)); },
                {.busy_beside = [this](InstanceId instance) { return commands_.is_stopping(instance); },
                 .claimed = [this](pid_t pid) { return commands_.has(pid) || probes_have(pid); },
                 .turn = [this](const std::function<void()>& act) { turn(act); }}},
      triggers_{io, fleet, host, [this](core::Event event) { report(std::move(event)); }}, prober_{io},
      child_signal_{io, SIGCHLD}, orphan_timer_{io}, timer_{io}
{
    watch_for_orphans();
}

void Driver::report(core::Event event)
{
    events_.push_back(std::move(event));
    if (!busy_) run_events();
}

/// What `act` reports is handled when it is done: it may be in the middle of something.
void Driver::turn(const std::function<void()>& act)
{
    if (busy_) return act();
    {
        const Busy busy{busy_};
        act();
    }
    run_events();
}

void Driver::run_events()
{
    const Busy busy{busy_};
    const logs::Pump::Batch batch{pump_};
    while (!events_.empty()) {
        const auto event = std::move(events_.front());
        events_.pop_front();
        perform_each(fleet_.handle(event, core::Clock::now()));
    }
    arm();
}

/// Deeds before words: to tell the console wakes another thread, which on a busy machine would delay a restart.
void Driver::perform_each(core::Actions actions)
{
    for (const auto& action : actions)
        if (!is_word(action)) perform(action);
    for (const auto& action : actions)
        if (is_word(action)) perform(action);
}

void Driver::perform(const core::Action& action)
{
    std::visit(core::Overloaded{
                   [&](const core::Spawn& a) {
                       spawns_.push_back(a);
                       if (spawns_.size() == 1) spawn_some();
                   },
                   [&](const core::Signal& a) {
                       children_.signal(a);
                       if (a.signal == SIGKILL)
                           commands_.cancel(a.instance, core::Command::stop); // its grace is over, too
                   },
                   [&](const core::RunCommand& a) { commands_.run(a, children_.main_pid(a.instance)); },
                   [&](const core::CancelCommand& a) { commands_.cancel(a.instance, a.command); },
                   [&](const core::Drain& a) {
                       host_.drain(a.instance, a.limit, [this, a] { report(core::Drained{a.instance, a.run}); });
                   },
                   [&](const core::RunProbe& a) { run_probe(a); },
                   [&](const core::Listen& a) { listen(a.process); },
                   [&](const core::Removed& a) { host_.removed(a.instance); },
                   [&](const core::Sweep&) { host_.sweep([this] { report(core::Swept{}); }); },
                   [&](const core::Announce& a) { host_.announced(a); },
                   [&](const core::Tell& a) { host_.told(a.instance, a.text); },
                   [&](const core::Finish& a) { finish(a.code); },
               },
               action);
}

/// The first ones at once, the rest in later turns, so that a thousand starts do not keep everybody else waiting.
void Driver::spawn_some()
{
    while (!spawns_.empty() && spawns_left_ > 0) {
        --spawns_left_;
        const auto next = spawns_.front();
        spawns_.pop_front();
        const auto state = fleet_.has(next.instance) ? fleet_.instance(next.instance).state() : core::State::failed;
        if (state == core::State::starting)
            children_.spawn(next.instance, next.run);
        else // it was stopped while it waited here
            report(core::SpawnFailed{next.instance, {"stopped before it started", 1}});
    }
    if (std::exchange(turn_posted_, true)) return;
    boost::asio::post(io_, [this] {
        turn_posted_ = false;
        spawns_left_ = spawns_a_turn;
        if (spawns_.empty()) return;
        const logs::Pump::Batch batch{pump_};
        spawn_some();
    });
}

/// Of a run that has ended nobody asks any more how it is; a daemon's run begins when its command ends.
void Driver::child_reported(core::Event event)
{
    const auto* ended = std::get_if<core::Ended>(&event);
    if (ended && !host_.spec_of(ended->instance).is_daemon)
        for (const auto kind : {core::ProbeKind::readiness, core::ProbeKind::liveness})
            attempts_.erase({ended->instance, kind});
    report(std::move(event));
}

void Driver::run_probe(const core::RunProbe& action)
{
    const auto& spec = host_.spec_of(action.instance);
    const auto& probe = action.kind == core::ProbeKind::readiness ? spec.readiness.probe : spec.liveness;
    if (!probe) return;
    const probes::Surroundings surroundings{
        .command =
            [&](const procfiles::ShellCommand& command, const std::filesystem::path& folder) {
                return host_.prepare_command(action.instance, command, folder, children_.main_pid(action.instance));
            },
        .hub =
            [&](const probes::Answered& tell) {
                host_.ask_hub(action.instance, action.kind, [tell](const std::string& trouble) {
                    tell({.passed = trouble.empty(), .detail = trouble});
                });
            }};
    const auto answered = [this, action](const probes::Answer& answer) {
        attempts_.erase({action.instance, action.kind});
        report(core::ProbeAnswered{action.instance, action.run, action.kind, answer.passed, answer.detail});
    };
    try {
        attempts_.insert_or_assign({action.instance, action.kind}, prober_.start(*probe, surroundings, answered));
    } catch (const std::exception& error) {
        answered({false, error.what()});
    }
}

void Driver::listen(core::ProcessId process)
{
    try {
        triggers_.listen(process);
    } catch (const std::exception& error) {
        host_.told({process, 0}, std::string{"cannot wait for connections: "} + error.what());
    }
}

void Driver::notified(InstanceId instance, const core::Notification& notification)
{
    if (notification.main_pid && instance_of(*notification.main_pid) == instance) {
        if (children_.set_main(instance, *notification.main_pid))
            report(core::MainPidChanged{instance, *notification.main_pid});
        else
            host_.told(instance, "MAINPID=" + std::to_string(*notification.main_pid) + " cannot be watched");
    }
    report(core::Notified{instance, notification});
}

void Driver::finish(int code)
{
    child_signal_.cancel();
    orphan_timer_.cancel();
    triggers_.stop();
    attempts_.clear();
    host_.finished(code);
}

bool Driver::collect(pid_t pid) { return children_.collect(pid) || commands_.collect(pid) || probes_have(pid); }

/// Reaps it, too, if it has ended.
bool Driver::probes_have(pid_t pid)
{
    return std::ranges::any_of(attempts_, [pid](auto& entry) { return entry.second.collect(pid); });
}

/// Our own children are known by their pidfds; SIGCHLD tells of those that came to us from a dead parent.
void Driver::watch_for_orphans()
{
    child_signal_.async_wait([this](const boost::system::error_code& error, int) {
        if (error) return;
        orphan_timer_.expires_after(orphan_delay);
        orphan_timer_.async_wait([this](const boost::system::error_code& cancelled) {
            if (cancelled) return;
            turn([this] {
                os::reap_orphans([this](pid_t pid) { return collect(pid); });
                children_.check_groups();
            });
            watch_for_orphans();
        });
    });
}

void Driver::arm()
{
    const auto deadline = fleet_.next_deadline();
    if (deadline == armed_for_) return;
    armed_for_ = deadline;
    if (!deadline) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(*deadline);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        armed_for_.reset();
        {
            const Busy busy{busy_};
            const logs::Pump::Batch batch{pump_};
            perform_each(fleet_.advance(core::Clock::now()));
        }
        run_events();
    });
}

std::string Driver::label(InstanceId instance) const
{
    const auto& spec = fleet_.member(instance.process).spec;
    return spec.replicas == 1 && instance.index == 0 ? spec.name : spec.name + "/" + std::to_string(instance.index);
}

} // namespace pandora::supervisor
