#include "supervisor/driver.hpp"

#include "supervisor/core/overloaded.hpp"
#include "supervisor/os/orphans.hpp"
#include "supervisor/os/process_tree.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <utility>

namespace pandora::supervisor {

namespace {

using core::InstanceId;

// A group member reaped by a parent outside the group sends us no SIGCHLD; this is how late we may learn of it.
constexpr std::chrono::milliseconds group_poll{100};

struct Pipe {
    os::UniqueFd reader;
    os::UniqueFd writer;
};

std::optional<Pipe> make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    return Pipe{os::UniqueFd{ends[0]}, os::UniqueFd{ends[1]}};
}

core::ExitStatus to_status(const os::ChildEnd& end)
{
    return std::visit(
        core::Overloaded{[](const os::ChildExited& e) -> core::ExitStatus { return core::Exited{e.code}; },
                         [](const os::ChildKilled& k) -> core::ExitStatus {
                             return core::Killed{k.signal, k.core_dumped};
                         }},
        end);
}

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

/// The exit code a shell gives for a program it cannot execute.
core::NotStarted to_failure(const os::SpawnError& error)
{
    return {os::describe(error), error.cause.value() == ENOENT ? 127 : 126};
}

} // namespace

Driver::Driver(boost::asio::io_context& io, core::Fleet& fleet, logs::Pump& pump, Host& host)
    : io_{io}, fleet_{fleet}, pump_{pump}, host_{host}, child_signal_{io, SIGCHLD}, timer_{io}, group_timer_{io}
{
    watch_children();
}

void Driver::report(core::Event event)
{
    events_.push_back(std::move(event));
    if (!busy_) run_events();
}

void Driver::run_events()
{
    const Busy busy{busy_};
    while (!events_.empty()) {
        const auto event = std::move(events_.front());
        events_.pop_front();
        perform_each(fleet_.handle(event, core::Clock::now()));
    }
    arm();
}

/// Deeds before words: to tell the console wakes another thread, which on a busy machine would delay a restart.
void Driver::perform_each(const core::Actions& actions)
{
    const auto is_deed = [](const core::Action& action) {
        return !std::holds_alternative<core::Announce>(action) && !std::holds_alternative<core::Finish>(action);
    };
    for (const auto& action : actions)
        if (is_deed(action)) perform(action);
    for (const auto& action : actions)
        if (!is_deed(action)) perform(action);
}

void Driver::perform(const core::Action& action)
{
    std::visit(core::Overloaded{[&](const core::Spawn& a) { spawn(a.instance); }, //
                                [&](const core::Signal& a) { signal(a); },
                                [&](const core::RunStopCommand& a) { run_stop_command(a.instance); },
                                [&](const core::Announce& a) { host_.announced(a); },
                                [&](const core::Finish& a) {
                                    child_signal_.cancel();
                                    group_timer_.cancel();
                                    host_.finished(a.code);
                                }},
               action);
}

void Driver::spawn(InstanceId instance)
{
    auto output = make_pipe();
    auto errors = make_pipe();
    if (!output || !errors) {
        const std::error_code cause{errno, std::generic_category()};
        const os::SpawnError error{os::SpawnStage::prepare, cause, "the pipes of its output"};
        return report(core::SpawnFailed{instance, to_failure(error)});
    }
    auto request = prepare(instance);
    if (!request) return report(core::SpawnFailed{instance, to_failure(request.error())});
    request->standard_output = output->writer.get();
    request->standard_error = errors->writer.get();
    auto child =
        os::Child::launch(io_, *request, [this, instance](const os::ChildEnd& end) { leader_ended(instance, end); });
    if (!child) return report(core::SpawnFailed{instance, to_failure(child.error())});

    const auto pid = child->pid();
    running_.insert_or_assign(instance, Running{std::move(*child)});
    const auto colour = static_cast<std::size_t>(instance.process);
    pump_.attach(label(instance), colour, std::move(output->reader));
    pump_.attach(label(instance), colour, std::move(errors->reader));
    tell_spawned(instance);
    report(core::Spawned{instance, pid});
}

/// What the host cannot connect to is of no use, but its end is an end like any other.
void Driver::tell_spawned(InstanceId instance)
{
    try {
        host_.spawned(instance);
    } catch (const std::exception& error) {
        pump_.say(label(instance) + ": " + error.what());
        running_.at(instance).child.signal_group(SIGKILL);
    }
}

/// Out of descriptors or memory: that fails this start, never the supervisor.
os::SpawnResult<os::SpawnRequest> Driver::prepare(InstanceId instance)
{
    try {
        return host_.prepare(instance);
    } catch (const std::system_error& error) {
        return os::SpawnError{os::SpawnStage::prepare, error.code(), label(instance)};
    }
}

void Driver::signal(const core::Signal& action)
{
    const auto found = running_.find(action.instance);
    if (found == running_.end()) return;
    if (action.target == core::Target::group)
        found->second.child.signal_group(action.signal);
    else if (found->second.leader_alive)
        found->second.child.signal(action.signal);
    // The grace that is over was the stop command's as well.
    const auto command = stop_commands_.find(action.instance);
    if (command != stop_commands_.end() && action.signal == SIGKILL) command->second.signal_group(SIGKILL);
}

/// Its exit code says nothing: the instance has until its grace is over to end, whatever the command makes of it.
void Driver::run_stop_command(InstanceId instance)
{
    const auto found = running_.find(instance);
    if (found == running_.end()) return; // its end is on the way
    auto output = make_pipe();
    auto request = host_.prepare_stop_command(instance, found->second.child.pid());
    request.standard_output = output ? output->writer.get() : -1;
    request.standard_error = request.standard_output;
    auto child = os::Child::launch(io_, request, [this, instance](const os::ChildEnd&) {
        stop_commands_.erase(instance);
        check_groups();
    });
    if (!child) {
        pump_.say(label(instance) + ": shutdown.command: " + os::describe(child.error()));
        return report(core::StopCommandFailed{instance});
    }
    stop_commands_.insert_or_assign(instance, std::move(*child));
    if (output) pump_.attach(label(instance), static_cast<std::size_t>(instance.process), std::move(output->reader));
}

void Driver::leader_ended(InstanceId instance, const os::ChildEnd& end)
{
    auto& running = running_.at(instance);
    running.leader_alive = false;
    os::reap_group(running.child.pid()); // its members that have ended, too, are ours now
    const bool empty = nothing_left(instance);
    if (empty)
        running_.erase(instance);
    else
        watch_groups();
    report(core::Ended{instance, to_status(end), empty});
}

/// Of its process group and of its stop command.
bool Driver::nothing_left(InstanceId instance) const
{
    const auto& running = running_.at(instance);
    return !running.leader_alive && !stop_commands_.contains(instance) && running.child.group_is_empty();
}

/// Reaps `pid` if it is the leader of an instance or a stop command.
bool Driver::collect(pid_t pid)
{
    for (auto& [instance, running] : running_) {
        if (!running.leader_alive || running.child.pid() != pid) continue;
        running.child.collect();
        return true;
    }
    for (auto& [instance, command] : stop_commands_) {
        if (command.pid() != pid) continue;
        command.collect();
        return true;
    }
    return false;
}

void Driver::check_groups()
{
    std::vector<InstanceId> emptied;
    for (const auto& [instance, running] : running_)
        if (!running.leader_alive && nothing_left(instance)) emptied.push_back(instance);
    for (const auto instance : emptied) {
        running_.erase(instance);
        report(core::GroupEmptied{instance});
    }
}

void Driver::watch_groups()
{
    if (std::exchange(watching_groups_, true)) return;
    group_timer_.expires_after(group_poll);
    group_timer_.async_wait([this](const boost::system::error_code& error) {
        watching_groups_ = false;
        if (error) return;
        check_groups();
        if (std::ranges::any_of(running_, [](const auto& entry) { return !entry.second.leader_alive; })) watch_groups();
    });
}

void Driver::watch_children()
{
    child_signal_.async_wait([this](const boost::system::error_code& error, int) {
        if (error) return;
        os::reap_orphans([this](pid_t pid) { return collect(pid); });
        check_groups();
        watch_children();
    });
}

void Driver::arm()
{
    const auto deadline = fleet_.next_deadline();
    if (!deadline) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(*deadline);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        {
            const Busy busy{busy_};
            perform_each(fleet_.advance(core::Clock::now()));
        }
        run_events();
    });
}

std::optional<InstanceId> Driver::instance_of(pid_t pid) const
{
    for (const auto ancestor : os::lineage(pid))
        for (const auto& [instance, running] : running_)
            if (running.child.pid() == ancestor) return instance;
    return std::nullopt;
}

std::string Driver::label(InstanceId instance) const
{
    const auto& spec = fleet_.member(instance.process).spec;
    return spec.replicas == 1 ? spec.name : spec.name + "/" + std::to_string(instance.index);
}

} // namespace pandora::supervisor
