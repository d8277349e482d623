// The commands beside a run: its hooks, and those that stop or reload it. A part of Lifecycle.
#include "supervisor/core/lifecycle.hpp"

#include <algorithm>
#include <array>

namespace pandora::supervisor::core {

namespace {

// A command that outlives SIGKILL is waited for no longer than this; as for processes, see lifecycle.cpp.
constexpr Millis cancel_patience{5'000};

} // namespace

void Lifecycle::run_command(Command command, Millis limit, TimePoint now, Actions& out)
{
    commands_.insert_or_assign(command, Limit{now + limit});
    out.emplace_back(RunCommand{id_, run_, command});
}

void Lifecycle::advance_commands(TimePoint now, Actions& out)
{
    constexpr std::array all{Command::before_start, Command::after_start, Command::before_stop,
                             Command::stop,         Command::after_stop,  Command::reload};
    for (const auto command : all) { // not by iterator: what follows from one may erase others
        const auto found = commands_.find(command);
        if (found == commands_.end() || now < found->second.at) continue;
        if (found->second.cancelled) {
            command_ended(run_, command, NotStarted{"outlives SIGKILL", 1}, now, out);
        } else {
            out.emplace_back(CancelCommand{id_, command});
            found->second = {now + cancel_patience, true};
        }
    }
}

/// The run ends: at most one of its steps is under way, and what else runs is of no use any more.
void Lifecycle::cancel_commands(TimePoint now, Actions& out)
{
    for (auto& [command, limit] : commands_) {
        if (command == Command::stop || limit.cancelled) continue; // SIGKILL after the grace ends the stop command, too
        out.emplace_back(CancelCommand{id_, command});
        limit = {now + cancel_patience, true};
    }
}

void Lifecycle::command_ended(Run run, Command command, const ExitStatus& status, TimePoint now, Actions& out)
{
    if (run != run_ || commands_.erase(command) == 0) return;
    const auto failure = std::string{name(command)} + " failed: " + describe(status);
    if (!succeeded(status) && command != Command::before_start) out.emplace_back(Tell{id_, failure});
    switch (command) {
    case Command::before_start:
        if (step_ != Step::before_start) return;
        if (state_ == State::stopping) return end_of_run(now, out);
        if (succeeded(status)) return spawn(out);
        last_end_ = End{NotStarted{failure, std::max(1, shell_code(status))}, {}};
        return end_of_run(now, out);
    case Command::before_stop:
        if (step_ == Step::before_stop) drain_or_signal(now, out);
        return;
    case Command::stop: return stop_command_ended(status, now, out);
    case Command::after_stop:
        if (step_ == Step::after_stop) conclude(now, out);
        return;
    case Command::after_start:
    case Command::reload: return;
    }
}

/// Its exit code says nothing of the process, which has until its grace is over to end. Of a daemon in the background
/// nothing more can be known.
void Lifecycle::stop_command_ended(const ExitStatus& status, TimePoint now, Actions& out)
{
    if (step_ != Step::ending) return;
    if (std::holds_alternative<NotStarted>(status)) return signal_to_stop(spec_->shutdown.signal, out);
    if (launched_ && daemon_escaped_) end_of_run(now, out);
}

} // namespace pandora::supervisor::core
