// One Lifecycle on its own: every step tells, in short words, what it made the supervisor do.
#pragma once

#include "supervisor/core/lifecycle.hpp"
#include "supervisor/core/overloaded.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pandora::tests::support {

namespace core = supervisor::core;

/// "starting", "spawn", "group SIGTERM", "shutdown.command", "cancel hooks.after_start", "drain 500", "probe liveness".
using Words = std::vector<std::string>;

/// A process without jitter, so that its delays can be told.
inline procfiles::ProcessSpec steady_process(std::string name)
{
    return {.name = std::move(name), .availability = {.backoff_jitter = 0}};
}

class Life {
public:
    explicit Life(procfiles::ProcessSpec spec, std::uint32_t seed = 1)
        : spec_{std::move(spec)}, instance_{{core::ProcessId{3}, 0}, spec_, seed}
    {}

    Life(const Life&) = delete; // the lifecycle points to the spec
    Life& operator=(const Life&) = delete;

    const core::Lifecycle* operator->() const { return &instance_; }

    core::State state() const { return instance_.state(); }

    /// What the last step told people: the texts of Tell, and the causes of changes that have one.
    const Words& said() const { return said_; }

    /// How the run ended, as people read it; empty where none has.
    std::string end_text() const { return instance_.last_end() ? describe(*instance_.last_end()) : ""; }

    // --- what is wanted of it -----------------------------------------------------------------------------------

    Words begin()
    {
        return on([&](auto& i, auto& out) { i.begin(now_, out); });
    }

    /// begin(), and exec succeeds.
    Words start()
    {
        auto words = begin();
        for (auto& word : spawned()) words.push_back(std::move(word));
        return words;
    }

    Words ask_start()
    {
        return on([&](auto& i, auto& out) { i.ask_start(now_, out); });
    }

    Words stop()
    {
        return on([&](auto& i, auto& out) { i.stop(now_, out); });
    }

    Words kill()
    {
        return on([&](auto& i, auto& out) { i.kill(now_, out); });
    }

    Words restart(const std::string& cause = "restart asked for", bool counted = false)
    {
        return on([&](auto& i, auto& out) { i.restart(cause, counted, now_, out); });
    }

    Words reload()
    {
        return on([&](auto& i, auto& out) { i.reload(now_, out); });
    }

    Words refuse(const std::string& cause)
    {
        return on([&](auto& i, auto& out) { i.refuse(cause, now_, out); });
    }

    Words retire()
    {
        return on([&](auto& i, auto& out) { i.retire(now_, out); });
    }

    Words revive()
    {
        return on([&](auto& i, auto& out) { i.revive(now_, out); });
    }

    // --- what happens to it -------------------------------------------------------------------------------------

    Words spawned(pid_t pid = 42)
    {
        return on([&](auto& i, auto& out) { i.spawned(pid, now_, out); });
    }

    Words spawn_fails(const core::NotStarted& why = {"cannot execute", 127})
    {
        return on([&](auto& i, auto& out) { i.spawn_failed(why, now_, out); });
    }

    /// The leader ends, and all its group with it.
    Words end(const core::ExitStatus& status = core::Exited{0})
    {
        return on([&](auto& i, auto& out) { i.ended(status, true, false, now_, out); });
    }

    Words end_alone(const core::ExitStatus& status = core::Exited{0})
    {
        return on([&](auto& i, auto& out) { i.ended(status, false, false, now_, out); });
    }

    Words end_for_memory()
    {
        return on([&](auto& i, auto& out) { i.ended(core::Killed{9, false}, true, true, now_, out); });
    }

    Words rest_ends()
    {
        return on([&](auto& i, auto& out) { i.group_emptied(now_, out); });
    }

    Words main_pid(pid_t pid)
    {
        return on([&](auto& i, auto& out) { i.main_pid_changed(pid, now_, out); });
    }

    /// `run`: of which it is reported; absent = the present one. So in all that follow.
    Words command_ends(core::Command command, const core::ExitStatus& status = core::Exited{0},
                       std::optional<core::Run> run = {})
    {
        return on([&](auto& i, auto& out) { i.command_ended(run.value_or(i.run()), command, status, now_, out); });
    }

    Words drained(std::optional<core::Run> run = {})
    {
        return on([&](auto& i, auto& out) { i.drained(run.value_or(i.run()), now_, out); });
    }

    Words probe(core::ProbeKind kind, bool passed, std::optional<core::Run> run = {})
    {
        return on([&](auto& i, auto& out) {
            i.probe_answered(run.value_or(i.run()), kind, passed, passed ? "" : "HTTP 503", now_, out);
        });
    }

    Words publish(const std::string& object)
    {
        return on([&](auto& i, auto& out) { i.published(object, now_, out); });
    }

    Words notify(const core::Notification& notification)
    {
        return on([&](auto& i, auto& out) { i.notified(notification, now_, out); });
    }

    Words write_newline(std::optional<core::Run> run = {})
    {
        return on([&](auto& i, auto& out) { i.newline_written(run.value_or(i.run()), now_, out); });
    }

    Words show_line(std::optional<core::Run> run = {})
    {
        return on([&](auto& i, auto& out) { i.log_line_seen(run.value_or(i.run()), now_, out); });
    }

    Words hold_memory(std::uint64_t bytes, std::optional<core::Run> run = {})
    {
        return on([&](auto& i, auto& out) { i.memory_read(run.value_or(i.run()), bytes, now_, out); });
    }

    /// Time passes; what is due is done, and what wants to start begins, as the fleet would have it.
    Words wait(core::Millis by)
    {
        now_ += by;
        return on([&](auto& i, auto& out) {
            i.advance(now_, out);
            if (i.wants_start()) i.begin(now_, out);
        });
    }

    /// How long from now until something is due.
    std::optional<core::Millis> due_in() const
    {
        const auto deadline = instance_.deadline();
        return deadline ? std::optional{std::chrono::ceil<core::Millis>(*deadline - now_)} : std::nullopt;
    }

private:
    template <class Step>
    Words on(const Step& step)
    {
        core::Actions out;
        step(instance_, out);
        said_.clear();
        Words words;
        for (const auto& action : out) words.push_back(word(action));
        return words;
    }

    std::string word(const core::Action& action)
    {
        using namespace core;
        return std::visit(Overloaded{
                              [](const Spawn&) -> std::string { return "spawn"; },
                              [](const Signal& a) {
                                  return (a.target == Target::group ? "group " : "leader ") + signal_name(a.signal);
                              },
                              [](const RunCommand& a) -> std::string { return name(a.command); },
                              [](const CancelCommand& a) { return std::string{"cancel "} + name(a.command); },
                              [](const Drain& a) { return "drain " + std::to_string(a.limit.count()); },
                              [](const RunProbe& a) -> std::string {
                                  return a.kind == ProbeKind::readiness ? "probe readiness" : "probe liveness";
                              },
                              [](const Listen&) -> std::string { return "listen"; },
                              [](const Removed&) -> std::string { return "removed"; },
                              [](const Sweep&) -> std::string { return "sweep"; },
                              [&](const Announce& a) -> std::string {
                                  if (!a.cause.empty()) said_.push_back(a.cause);
                                  return name(a.to);
                              },
                              [&](const Tell& a) -> std::string {
                                  said_.push_back(a.text);
                                  return "tell";
                              },
                              [](const Finish&) -> std::string { return "finish"; },
                          },
                          action);
    }

    procfiles::ProcessSpec spec_;
    core::Lifecycle instance_;
    core::TimePoint now_{};
    Words said_;
};

} // namespace pandora::tests::support
