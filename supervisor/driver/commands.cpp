#include "supervisor/driver/commands.hpp"

#include "supervisor/core/overloaded.hpp"
#include "supervisor/driver/outcome.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>

namespace pandora::supervisor {

using core::Command;
using core::InstanceId;

namespace {

/// What the procfile says is to be run; core asks for what is there alone.
std::string text_of(const procfiles::ProcessSpec& spec, Command command)
{
    const auto of = [](const std::optional<procfiles::Hook>& hook) { return hook ? hook->command : std::string{}; };
    switch (command) {
    case Command::before_start: return of(spec.hooks.before_start);
    case Command::after_start: return of(spec.hooks.after_start);
    case Command::before_stop: return of(spec.hooks.before_stop);
    case Command::after_stop: return of(spec.hooks.after_stop);
    case Command::stop: return spec.shutdown.command;
    case Command::reload: {
        const auto* by_command = spec.reload ? std::get_if<procfiles::ReloadCommand>(&*spec.reload) : nullptr;
        return by_command ? by_command->command : std::string{};
    }
    }
    return {};
}

} // namespace

Commands::Commands(boost::asio::io_context& io, logs::Pump& pump, Host& host, Report report)
    : io_{io}, pump_{pump}, host_{host}, report_{std::move(report)}
{}

void Commands::run(const core::RunCommand& action, std::optional<pid_t> main_pid)
{
    const auto& [instance, run, command] = action;
    const auto fail = [&](core::NotStarted why) {
        report_(core::CommandEnded{action.instance, action.run, action.command, std::move(why)});
    };
    const auto& spec = host_.spec_of(instance);
    auto output = make_pipe();
    if (!output) return fail(no_pipes(errno));
    os::SpawnRequest request;
    try {
        request = host_.prepare_command(instance, {text_of(spec, command), spec.shell}, {}, main_pid);
    } catch (const std::exception& error) {
        return fail({error.what(), 126});
    }
    request.standard_output = output->writer.get();
    request.standard_error = output->writer.get();
    auto child = os::Child::launch(io_, request, [this, action](const os::ChildEnd& end) {
        running_.erase({action.instance, action.command});
        report_(core::CommandEnded{action.instance, action.run, action.command, to_status(end)});
    });
    if (!child) return fail(to_failure(child.error()));
    cancel(instance, command); // a predecessor that outlived its time
    running_.insert_or_assign({instance, command}, std::move(*child));
    attach(instance, std::move(*output));
}

void Commands::attach(InstanceId instance, Pipe pipe)
{
    pump_.attach(host_.output_of(instance), std::move(pipe.reader));
}

void Commands::cancel(InstanceId instance, Command command)
{
    const auto found = running_.find({instance, command});
    if (found != running_.end()) found->second.signal_group(SIGKILL);
}

bool Commands::has(pid_t pid) const
{
    return std::ranges::any_of(running_, [pid](const auto& entry) { return entry.second.pid() == pid; });
}

bool Commands::collect(pid_t pid)
{
    for (auto& [key, child] : running_) {
        if (child.pid() != pid) continue;
        child.collect();
        return true;
    }
    return false;
}

} // namespace pandora::supervisor
