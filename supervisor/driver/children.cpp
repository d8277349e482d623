#include "supervisor/driver/children.hpp"

#include "supervisor/driver/outcome.hpp"
#include "supervisor/os/orphans.hpp"
#include "supervisor/os/process_tree.hpp"
#include "supervisor/os/terminal.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor {

using core::InstanceId;
using core::Run;

namespace {

// A group member reaped by a parent outside the group sends us no SIGCHLD; this is how late we may learn of it.
constexpr std::chrono::milliseconds group_poll{100};

} // namespace

Children::Children(boost::asio::io_context& io, logs::Pump& pump, Host& host, Report report,
                   std::function<bool(InstanceId)> busy_beside)
    : io_{io}, pump_{pump}, host_{host}, report_{std::move(report)}, busy_beside_{std::move(busy_beside)}, group_timer_{
                                                                                                               io}
{}

Children::~Children() = default;

std::optional<Children::Streams> Children::make_streams(bool terminal)
{
    if (terminal) {
        auto pair = os::open_terminal();
        if (!pair) return std::nullopt;
        return Streams{{std::move(pair->master), std::move(pair->slave)}, std::nullopt};
    }
    auto out = make_pipe();
    auto errors = make_pipe();
    if (!out || !errors) return std::nullopt;
    return Streams{std::move(*out), std::move(errors)};
}

void Children::spawn(InstanceId instance, Run run)
{
    const auto& spec = host_.spec_of(instance);
    auto streams = make_streams(spec.tty);
    if (!streams) return report_(core::SpawnFailed{instance, no_pipes(errno)});
    auto request = prepare(instance);
    if (!request) return report_(core::SpawnFailed{instance, to_failure(request.error())});
    request->standard_output = streams->out.writer.get();
    request->standard_error = streams->errors ? streams->errors->writer.get() : streams->out.writer.get();
    if (spec.tty) {
        request->standard_input = streams->out.writer.get();
        request->controlling_terminal = true;
    }
    auto notify = add_notify_pipe(spec, *request);
    auto child = os::Child::launch(
        io_, *request, [this, instance](const os::ChildEnd& end) { leader_ended(instance, to_status(end)); });
    if (!child) return report_(core::SpawnFailed{instance, to_failure(child.error())});

    const auto pid = child->pid();
    running_.insert_or_assign(instance, Running{std::move(*child), run, true, std::nullopt, std::nullopt});
    by_leader_.insert_or_assign(pid, instance);
    attach(instance, run, spec, std::move(*streams));
    if (notify) watch_notify_pipe(instance, run, std::move(*notify));
    tell_spawned(instance);
    report_(core::Spawned{instance, pid});
}

/// Out of descriptors or memory: that fails this start, never the supervisor.
os::SpawnResult<os::SpawnRequest> Children::prepare(InstanceId instance)
{
    try {
        return host_.prepare(instance);
    } catch (const std::system_error& error) {
        return os::SpawnError{os::SpawnStage::prepare, error.code(), error.what()};
    }
}

std::optional<Pipe> Children::add_notify_pipe(const procfiles::ProcessSpec& spec, os::SpawnRequest& request)
{
    if (!spec.readiness.notification_fd) return std::nullopt;
    auto pipe = make_pipe();
    if (pipe) request.passed.push_back({pipe->writer.get(), *spec.readiness.notification_fd});
    return pipe;
}

void Children::watch_notify_pipe(InstanceId instance, Run run, Pipe pipe)
{
    pipe.writer = os::UniqueFd{};
    try {
        running_.at(instance).notify_fd.emplace(io_, std::move(pipe.reader), [this, instance, run] {
            report_(core::NewlineWritten{instance, run});
        });
    } catch (const boost::system::system_error& error) {
        pump_.say("notification descriptor: " + error.code().message());
    }
}

void Children::attach(InstanceId instance, Run run, const procfiles::ProcessSpec& spec, Streams streams)
{
    auto source = host_.output_of(instance);
    if (!spec.readiness.log_line.empty())
        source.watch.emplace(spec.readiness.log_line, [this, instance, run] { // on the logs' thread
            boost::asio::post(io_, [this, instance, run] { report_(core::LogLineSeen{instance, run}); });
        });
    if (streams.errors) {
        auto errors = source;
        errors.stream = logs::Stream::err;
        pump_.attach(std::move(errors), std::move(streams.errors->reader));
    }
    pump_.attach(std::move(source), std::move(streams.out.reader));
}

/// What the host cannot connect to is of no use, but its end is an end like any other.
void Children::tell_spawned(InstanceId instance)
{
    try {
        host_.spawned(instance);
    } catch (const std::exception& error) {
        host_.told(instance, error.what());
        running_.at(instance).child.signal_group(SIGKILL);
    }
}

void Children::signal(const core::Signal& action)
{
    const auto found = running_.find(action.instance);
    if (found == running_.end()) return;
    const auto& running = found->second;
    const bool to_group = action.target == core::Target::group;
    if (to_group) running.child.signal_group(action.signal);
    if (to_group && action.signal == SIGKILL)
        if (const auto* cgroup = host_.cgroup_of(action.instance)) cgroup->kill(); // also who left the group
    if (running.main && (!to_group || ::getpgid(running.main->pid()) != running.child.pid()))
        running.main->signal(action.signal);
    else if (!to_group && running.leader_alive)
        running.child.signal(action.signal);
}

bool Children::set_main(InstanceId instance, pid_t pid)
{
    const auto found = running_.find(instance);
    if (found == running_.end()) return false;
    auto& running = found->second;
    if (pid == running.child.pid()) {
        running.main.reset();
        return running.leader_alive;
    }
    running.main = MainProcess::watch(io_, pid, [this, instance](const core::ExitStatus& status) {
        auto& ended = running_.at(instance);
        ended.main.reset();
        if (!ended.leader_alive) leader_ended(instance, status);
    });
    return running.main.has_value();
}

/// Of the leader; where a main process took over from it, of that one.
void Children::leader_ended(InstanceId instance, const core::ExitStatus& status)
{
    auto& running = running_.at(instance);
    if (std::exchange(running.leader_alive, false)) ++leaderless_;
    if (running.main && running.main->is_alive()) return; // the run goes on
    running.main.reset();
    if (!running.child.group_is_empty()) os::reap_group(running.child.pid()); // those that have ended are ours now
    const bool empty = nothing_left(instance);
    core::Ended event{.instance = instance, .status = status, .group_empty = empty};
    event.out_of_memory = host_.leader_ended(instance);
    if (empty)
        forget(instance);
    else
        watch_groups();
    report_(std::move(event));
}

/// Of its cgroup, or else its process group, and of its stop command.
bool Children::nothing_left(InstanceId instance)
{
    const auto& running = running_.at(instance);
    if (running.leader_alive || running.main || busy_beside_(instance)) return false;
    const auto* cgroup = host_.cgroup_of(instance);
    return cgroup ? cgroup->empty() : running.child.group_is_empty();
}

void Children::forget(InstanceId instance)
{
    const auto found = running_.find(instance);
    by_leader_.erase(found->second.child.pid());
    running_.erase(found);
    --leaderless_;
    const auto key = host_.output_of(instance).instance;
    pump_.ended(key);
}

bool Children::collect(pid_t pid)
{
    const auto found = by_leader_.find(pid);
    if (found == by_leader_.end()) return false;
    auto& running = running_.at(found->second);
    if (!running.leader_alive) return false;
    running.child.collect();
    return true;
}

void Children::check_groups()
{
    if (leaderless_ == 0) return;
    std::vector<InstanceId> emptied;
    for (const auto& [instance, running] : running_)
        if (!running.leader_alive && !running.main && nothing_left(instance)) emptied.push_back(instance);
    for (const auto instance : emptied) {
        forget(instance);
        report_(core::GroupEmptied{instance});
    }
}

void Children::watch_groups()
{
    if (std::exchange(watching_groups_, true)) return;
    group_timer_.expires_after(group_poll);
    group_timer_.async_wait([this](const boost::system::error_code& error) {
        watching_groups_ = false;
        if (error) return;
        check_groups();
        if (leaderless_ > 0) watch_groups();
    });
}

std::optional<InstanceId> Children::instance_of(pid_t pid) const
{
    if (const auto leader = by_leader_.find(pid); leader != by_leader_.end())
        return leader->second; // even if it is gone
    for (const auto ancestor : os::lineage(pid))
        if (const auto found = by_leader_.find(ancestor); found != by_leader_.end()) return found->second;
    return std::nullopt;
}

std::optional<pid_t> Children::main_pid(InstanceId instance) const
{
    const auto found = running_.find(instance);
    if (found == running_.end()) return std::nullopt;
    const auto& running = found->second;
    if (running.main) return running.main->pid();
    return running.leader_alive ? std::optional{running.child.pid()} : std::nullopt;
}

std::optional<Run> Children::run_of(InstanceId instance) const
{
    const auto found = running_.find(instance);
    return found == running_.end() ? std::nullopt : std::optional{found->second.run};
}

std::vector<pid_t> Children::leaders() const
{
    std::vector<pid_t> pids;
    for (const auto& [pid, instance] : by_leader_) pids.push_back(pid);
    return pids;
}

} // namespace pandora::supervisor
