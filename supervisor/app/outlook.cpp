#include "supervisor/app/outlook.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>

namespace pandora::supervisor::app {

using control::Prospect;
using core::State;

namespace {

// A call waits for its callee no longer than its own deadline, and few have one beyond this. Choice.
constexpr core::Millis soon{60'000};

/// By its default action the signal dumps core, signal(7): a fault of the program, not somebody's wish.
bool is_crash(int signal)
{
    constexpr std::array faults{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGSYS, SIGTRAP, SIGXCPU, SIGXFSZ};
    return std::ranges::find(faults, signal) != faults.end();
}

/// "crashed: SIGSEGV (core dumped)", "killed: SIGKILL", "exit 3", "liveness failed 3x: HTTP 503".
std::string ending(const core::End& end)
{
    if (!end.fault.empty()) return end.fault;
    const auto* killed = std::get_if<core::Killed>(&end.status);
    const auto* verb = killed == nullptr ? "" : is_crash(killed->signal) ? "crashed: " : "killed: ";
    return verb + core::describe(end.status);
}

/// Why the supervisor ends it, where that is for no fault; empty otherwise.
std::string intent(const Circumstances& circumstances)
{
    if (circumstances.app_ends) return "the app is stopping";
    if (circumstances.is_rolling) return "being replaced";
    if (circumstances.is_retired) return "scaled away";
    return {};
}

std::string joined(const std::string& first, const std::string& second)
{
    return first.empty() || second.empty() ? first + second : first + "; " + second;
}

} // namespace

void Outlook::changed(const core::Announce& change, const Circumstances& circumstances)
{
    const bool was_ready = change.from == State::ready;
    state_ = change.to;
    back_at_.reset();
    ready_ = change.to == State::ready || (change.to == State::stopping && was_ready);
    switch (change.to) {
    case State::pending: break; // it is known why its last run was ended
    case State::starting: break;
    case State::ready:
        why_.clear();
        meant_ = false;
        break;
    case State::stopping: begin_to_stop(change, circumstances); break;
    case State::backoff:
        meant_ = false;
        why_ = change.end ? ending(*change.end) : std::string{};
        if (change.delay) back_at_ = change.at + *change.delay;
        break;
    case State::completed:
    case State::failed: why_ = down_for(change, circumstances); break;
    case State::disabled: why_ = "disabled"; break;
    case State::scheduled:
        returns_ = circumstances.due_in && *circumstances.due_in <= soon;
        why_ = "waits for its next time";
        break;
    case State::listening: why_ = "waits for a connection to its socket"; break;
    }
}

void Outlook::begin_to_stop(const core::Announce& change, const Circumstances& circumstances)
{
    returns_ = circumstances.may_return && !circumstances.app_ends && !circumstances.is_retired;
    meant_ = !change.end;
    why_ = change.end ? ending(*change.end) : intent(circumstances);
    if (!why_.empty()) return;
    if (returns_)
        why_ = "being restarted" + (change.cause.empty() ? "" : ": " + change.cause);
    else if (circumstances.is_held)
        why_ = "stopped by an operator";
    else
        why_ = change.cause.empty() ? "stopped with its group" : change.cause;
}

std::string Outlook::down_for(const core::Announce& change, const Circumstances& circumstances) const
{
    const bool by_request = change.to == State::completed && !change.cause.empty(); // else its end says it all
    if (!by_request) return joined(change.end ? ending(*change.end) : std::string{}, change.cause);
    if (!why_.empty() && meant_) return why_;
    const auto meant = intent(circumstances);
    return meant.empty() ? "stopped by an operator" : meant;
}

Prospect Outlook::prospect() const
{
    switch (state_) {
    case State::ready: return Prospect::serving;
    case State::pending:
    case State::starting:
    case State::backoff: return Prospect::returning;
    case State::stopping: return returns_ ? Prospect::returning : Prospect::leaving;
    case State::scheduled: return returns_ ? Prospect::returning : Prospect::gone;
    case State::completed:
    case State::failed:
    case State::disabled:
    case State::listening: return Prospect::gone;
    }
    return Prospect::gone;
}

std::string Outlook::cause(core::TimePoint now) const
{
    switch (state_) {
    case State::pending: return why_.empty() ? "not started yet" : meant_ ? why_ : joined(why_, "to be started again");
    case State::starting: return why_.empty() ? "starting" : meant_ ? why_ : joined(why_, "starting again");
    case State::backoff: {
        if (!back_at_) return why_;
        const auto left = std::max(core::Millis::zero(), std::chrono::ceil<core::Millis>(*back_at_ - now));
        return joined(why_, "restarting in " + std::to_string(left.count()) + " ms");
    }
    case State::ready: return {};
    case State::stopping:
    case State::completed:
    case State::failed:
    case State::disabled:
    case State::scheduled:
    case State::listening: return why_;
    }
    return why_;
}

} // namespace pandora::supervisor::app
