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
    busy_ = true;
    while (!events_.empty()) {
        const auto event = std::move(events_.front());
        events_.pop_front();
        perform_each(fleet_.handle(event, core::Clock::now()));
    }
    busy_ = false;
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
    pump_.attach(label(instance), colour, output->reader.release());
    pump_.attach(label(instance), colour, errors->reader.release());
    host_.spawned(instance);
    report(core::Spawned{instance, pid});
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
}

/// Its end says nothing: the instance has until its grace is over to end, whatever the command makes of it.
void Driver::run_stop_command(InstanceId instance)
{
    const auto found = running_.find(instance);
    const pid_t pid = found == running_.end() ? 0 : found->second.child.pid();
    auto output = make_pipe();
    if (!output) return;
    auto request = host_.prepare_stop_command(instance, pid);
    request.standard_output = output->writer.get();
    request.standard_error = output->writer.get();
    const auto number = next_helper_++;
    auto child = os::Child::launch(io_, request, [this, number](const os::ChildEnd&) { helpers_.erase(number); });
    if (!child) {
        pump_.say(label(instance) + ": shutdown.command: " + os::describe(child.error()));
        return;
    }
    helpers_.emplace(number, std::move(*child));
    pump_.attach(label(instance), static_cast<std::size_t>(instance.process), output->reader.release());
}

void Driver::leader_ended(InstanceId instance, const os::ChildEnd& end)
{
    const auto found = running_.find(instance);
    // Members that ended with it, or before, are zombies of ours now; without them the group may be empty already.
    os::reap_orphans([this](pid_t pid) { return collect(pid); });
    const bool empty = found->second.child.group_is_empty();
    if (empty) {
        running_.erase(found);
    } else {
        found->second.leader_alive = false;
        watch_groups();
    }
    report(core::Ended{instance, to_status(end), empty});
}

/// Reaps `pid` if it is the leader of an instance or a helper.
bool Driver::collect(pid_t pid)
{
    for (auto& [instance, running] : running_) {
        if (!running.leader_alive || running.child.pid() != pid) continue;
        running.child.collect();
        return true;
    }
    const auto helper = std::ranges::find_if(helpers_, [&](const auto& entry) { return entry.second.pid() == pid; });
    if (helper == helpers_.end()) return false;
    helper->second.collect();
    return true;
}

void Driver::check_groups()
{
    std::vector<InstanceId> emptied;
    for (const auto& [instance, running] : running_)
        if (!running.leader_alive && running.child.group_is_empty()) emptied.push_back(instance);
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
        busy_ = true;
        perform_each(fleet_.advance(core::Clock::now()));
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
