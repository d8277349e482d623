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

Children::Children(boost::asio::io_context& io, logs::Pump& pump, Host& host, Report report, Surroundings surroundings)
    : io_{io}, pump_{pump}, host_{host}, report_{std::move(report)}, surroundings_{std::move(surroundings)},
      group_timer_{io}
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

/// Out of descriptors or memory, or of what the procfile asks for: that fails this start, never the supervisor.
void Children::spawn(InstanceId instance, Run run)
{
    try {
        launch(instance, run);
    } catch (const std::exception& error) {
        report_(core::SpawnFailed{instance, {error.what(), 126}});
    }
}

void Children::launch(InstanceId instance, Run run)
{
    const auto& spec = host_.spec_of(instance);
    const auto& notification_fd = spec.readiness.notification_fd;
    auto streams = make_streams(spec.tty);
    auto notify = streams && notification_fd ? make_pipe() : std::nullopt;
    if (!streams || (notification_fd && !notify)) return report_(core::SpawnFailed{instance, no_pipes(errno)});
    auto request = host_.prepare(instance);
    request.standard_output = streams->out.writer.get();
    request.standard_error = streams->errors ? streams->errors->writer.get() : streams->out.writer.get();
    if (notify) request.passed.push_back({notify->writer.get(), *notification_fd});
    if (spec.tty) {
        request.standard_input = streams->out.writer.get();
        request.controlling_terminal = true;
    }
    auto child = os::Child::launch(io_, request, [this, instance](const os::ChildEnd& end) {
        surroundings_.turn([&] { leader_ended(instance, to_status(end)); });
    });
    if (!child) return report_(core::SpawnFailed{instance, to_failure(child.error())});

    const auto pid = child->pid();
    running_.insert_or_assign(instance, Running{.child = std::move(*child), .run = run});
    by_leader_.insert_or_assign(pid, instance);
    attach(instance, run, spec, std::move(*streams));
    if (notify) watch_notify_pipe(instance, run, std::move(*notify));
    tell_spawned(instance);
    report_(core::Spawned{instance, pid});
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
    if (to_group && !running.group_gone) running.child.signal_group(action.signal);
    if (to_group)
        for (const auto& runaway : running.runaways) os::signal_survivor(runaway, action.signal);
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
        if (running.leader_alive) running.main.reset();
        return running.leader_alive;
    }
    auto main = MainProcess::watch(io_, pid, [this, instance](const core::ExitStatus& status) {
        surroundings_.turn([&] { main_ended(instance, status); });
    });
    if (!main) return false;
    running.main = std::move(main);
    return true;
}

void Children::main_ended(InstanceId instance, const core::ExitStatus& status)
{
    auto& ended = running_.at(instance);
    ended.main.reset();
    if (!ended.leader_alive) return leader_ended(instance, status);
    report_(core::MainPidChanged{instance, ended.child.pid()}); // who is left to be it
}

/// Of the leader; where a main process took over from it, of that one. Its last words are heard first: they may name
/// another main process.
void Children::leader_ended(InstanceId instance, const core::ExitStatus& status)
{
    const logs::Pump::Batch batch{pump_}; // the old pipes' end and the new ones are told together
    const bool out_of_memory = host_.leader_ended(instance);
    auto& running = running_.at(instance);
    if (std::exchange(running.leader_alive, false)) ++leaderless_;
    group_is_gone(running);   // noted now: where a main process goes on, nobody looks again for long
    if (running.main) return; // the run goes on, or it has ended, too: then its own status is the one that counts
    const auto* killed = std::get_if<core::Killed>(&status);
    const bool empty = nothing_left(instance);
    report_(core::Ended{.instance = instance,
                        .status = status,
                        .group_empty = empty,
                        .out_of_memory = out_of_memory && killed && killed->signal == SIGKILL});
    if (empty) return forget(instance);
    watch_groups();
}

/// The number is free once nobody has it: from then on it must not be used.
bool Children::group_is_gone(Running& running)
{
    if (running.group_gone) return true;
    if (!running.child.group_is_empty()) os::reap_group(running.child.pid()); // those that have ended are ours now
    if (!running.child.group_is_empty()) return false;
    by_leader_.erase(running.child.pid());
    return running.group_gone = true;
}

/// Of its process group, its cgroup, what has left both, and its stop command.
bool Children::nothing_left(InstanceId instance)
{
    auto& running = running_.at(instance);
    if (running.leader_alive || running.main || surroundings_.busy_beside(instance)) return false;
    if (!group_is_gone(running)) return false;
    if (const auto* cgroup = host_.cgroup_of(instance); cgroup && !cgroup->empty()) return false;
    return !has_runaways(instance, running);
}

/// A daemon is meant to leave; others are ended like the rest of their group.
bool Children::has_runaways(InstanceId instance, Running& running)
{
    const auto seen = std::exchange(running.runaways, {});
    const auto& spec = host_.spec_of(instance);
    if (spec.is_daemon || host_.is_builtin(instance)) return false;
    const auto adopted =
        children_file_.adopted([this](pid_t pid) { return by_leader_.contains(pid) || surroundings_.claimed(pid); });
    running.runaways = os::runaways_of(adopted, host_.run_id(), spec.name, std::to_string(instance.index));
    for (const auto& runaway : running.runaways) {
        if (std::ranges::find(seen, runaway) != seen.end()) continue;
        host_.told(instance, "left behind, ending it: " + os::describe(runaway));
        for (const int signal : {SIGTERM, SIGCONT}) os::signal_survivor(runaway, signal); // it was not there to be told
    }
    return !running.runaways.empty();
}

void Children::forget(InstanceId instance)
{
    running_.erase(instance); // its number has left by_leader_ before: see group_is_gone
    --leaderless_;
    const auto key = host_.output_of(instance).instance;
    pump_.ended(key);
}

bool Children::collect(pid_t pid)
{
    const auto found = by_leader_.find(pid);
    if (found == by_leader_.end()) return collect_main(pid);
    auto& running = running_.at(found->second);
    if (!running.leader_alive) return false;
    running.child.collect();
    return true;
}

/// One that outlived its leader is our child since then.
bool Children::collect_main(pid_t pid)
{
    if (leaderless_ == 0) return false;
    const auto found = std::ranges::find_if(
        running_, [pid](const auto& entry) { return entry.second.main && entry.second.main->pid() == pid; });
    if (found == running_.end()) return false;
    found->second.main->collect();
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
        surroundings_.turn([this] { check_groups(); });
        if (leaderless_ > 0) watch_groups();
    });
}

/// Not by the environment, which a process may write as it likes, nor by us, who adopt whatever loses its parent.
std::optional<InstanceId> Children::instance_of(pid_t pid) const
{
    if (const auto leader = by_leader_.find(pid); leader != by_leader_.end())
        return leader->second; // even if it is gone
    const auto mains = main_processes();
    for (const auto ancestor : os::lineage(pid)) {
        if (const auto found = by_leader_.find(ancestor); found != by_leader_.end()) return found->second;
        if (const auto found = mains.find(ancestor); found != mains.end()) return found->second;
    }
    return std::nullopt;
}

/// Those that a worker has named and that are not its leader: daemons, whose parents and session lead nowhere. Few.
std::unordered_map<pid_t, InstanceId> Children::main_processes() const
{
    std::unordered_map<pid_t, InstanceId> found;
    for (const auto& [instance, running] : running_)
        if (running.main) found.emplace(running.main->pid(), instance);
    return found;
}

std::optional<pid_t> Children::main_pid(InstanceId instance) const
{
    const auto found = running_.find(instance);
    if (found == running_.end()) return std::nullopt;
    const auto& running = found->second;
    if (running.main) return running.main->pid();
    return running.leader_alive ? std::optional{running.child.pid()} : std::nullopt;
}

} // namespace pandora::supervisor
