// A Fleet whose processes do what the test says; pids are made up, and every spawn succeeds at once unless told not to.
#pragma once

#include "supervisor/core/fleet.hpp"

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace pandora::tests::support {

namespace core = supervisor::core;

/// "+web" spawned, "-web" signalled to stop, "!web" killed, "~web" signalled to reload, "?web" listened for,
/// "=3" finished with 3. Of several replicas "+web/1".
using Words = std::vector<std::string>;

inline procfiles::ProcessSpec process(std::string name, std::vector<procfiles::Dependency> depends_on = {})
{
    return {.name = std::move(name), .depends_on = std::move(depends_on)};
}

/// Without jitter, so that delays can be told.
inline procfiles::Availability rule(procfiles::Availability availability)
{
    availability.backoff_jitter = 0;
    return availability;
}

class Stage {
public:
    explicit Stage(const std::vector<procfiles::ProcessSpec>& specs, bool with_hub = false,
                   const core::FleetOptions& options = {})
        : fleet_{members(specs, with_hub), options}
    {}

    const core::Fleet& fleet() const { return fleet_; }

    Words begin() { return play(core::Begin{}); }

    Words stop_all() { return play(core::StopAll{}); }

    Words start(const std::string& name) { return play(core::StartAsked{which(name)}); }

    Words stop(const std::string& name) { return play(core::StopAsked{which(name)}); }

    Words restart(const std::string& name) { return play(core::RestartAsked{which(name)}); }

    Words roll(const std::string& name) { return play(core::RollAsked{which(name).process}); }

    Words scale(const std::string& name, std::uint32_t replicas)
    {
        return play(core::ScaleAsked{which(name).process, replicas});
    }

    Words end(const std::string& name, const core::ExitStatus& status, std::uint32_t index = 0)
    {
        return play(core::Ended{find(name, index), status, true});
    }

    /// As a signal asks.
    Words obey(const std::string& name, std::uint32_t index = 0)
    {
        return end(name, core::Killed{SIGTERM, false}, index);
    }

    Words ready(const std::string& name, std::uint32_t index = 0)
    {
        return play(core::Notified{find(name, index), {.ready = true}});
    }

    Words publish(const std::string& name, std::string object, std::uint32_t index = 0)
    {
        return play(core::ObjectPublished{find(name, index), std::move(object)});
    }

    Words command_ends(const std::string& name, core::Command command, const core::ExitStatus& status = core::Exited{0})
    {
        const auto id = find(name, 0);
        return play(core::CommandEnded{id, fleet_.instance(id).run(), command, status});
    }

    Words show_line(const std::string& name)
    {
        return play(core::LogLineSeen{find(name, 0), fleet_.instance(find(name, 0)).run()});
    }

    Words wait(core::Millis by)
    {
        now_ += by;
        return perform(fleet_.advance(now_));
    }

    Words play(const core::Event& event) { return perform(fleet_.handle(event, now_)); }

    core::State state(const std::string& name, std::uint32_t index = 0) const
    {
        return fleet_.instance(find(name, index)).state();
    }

    std::size_t count(const std::string& name) const { return fleet_.instances(find(name, 0).process).size(); }

    core::InstanceId find(const std::string& name, std::uint32_t index) const
    {
        for (std::uint32_t n = 0; n < fleet_.size(); ++n)
            if (fleet_.member(core::ProcessId{n}).spec.name == name) return {core::ProcessId{n}, index};
        throw std::out_of_range{name};
    }

    core::Which which(const std::string& name) const { return {find(name, 0).process, std::nullopt}; }

    std::string waits_for(const std::string& name) const { return fleet_.waits_for(find(name, 0)); }

    /// The texts of Tell since this was asked last.
    Words told() { return std::exchange(told_, {}); }

    Words unspawnable; // spawns of these fail
    Words unreported;  // spawns of these are not reported

private:
    static std::vector<core::Member> members(const std::vector<procfiles::ProcessSpec>& specs, bool with_hub)
    {
        std::vector<core::Member> out;
        if (with_hub) {
            auto hub = process("hub");
            hub.availability = rule({.restart = procfiles::Restart::always, .backoff = core::Millis{0}});
            out.push_back({hub, core::Role::builtin});
        }
        for (const auto& spec : specs) out.push_back({spec, core::Role::worker});
        return out;
    }

    Words perform(const core::Actions& actions)
    {
        Words out;
        for (const auto& action : actions) {
            if (const auto* a = std::get_if<core::Spawn>(&action)) spawn(*a, out);
            if (const auto* a = std::get_if<core::Signal>(&action); a && a->signal != SIGCONT)
                out.push_back((a->signal == SIGKILL ? "!" : a->signal == SIGHUP ? "~" : "-") + label(a->instance));
            if (const auto* a = std::get_if<core::Listen>(&action)) out.push_back("?" + label({a->process, 0}));
            if (const auto* a = std::get_if<core::Tell>(&action)) told_.push_back(a->text);
            if (std::get_if<core::Sweep>(&action)) append(out, play(core::Swept{}));
            if (const auto* a = std::get_if<core::Finish>(&action)) out.push_back("=" + std::to_string(a->code));
        }
        return out;
    }

    void spawn(const core::Spawn& action, Words& out)
    {
        const auto name = label(action.instance);
        const auto is_in = [&](const Words& names) { return std::ranges::count(names, name) > 0; };
        out.push_back("+" + name);
        if (is_in(unreported)) return;
        if (is_in(unspawnable))
            append(out, play(core::SpawnFailed{action.instance, core::NotStarted{"cannot execute", 127}}));
        else
            append(out, play(core::Spawned{action.instance, next_pid_++}));
    }

    static void append(Words& out, const Words& more) { out.insert(out.end(), more.begin(), more.end()); }

    std::string label(core::InstanceId id) const
    {
        const auto& spec = fleet_.member(id.process).spec;
        const bool alone = spec.replicas == 1 && id.index == 0;
        return alone ? spec.name : spec.name + "/" + std::to_string(id.index);
    }

    core::Fleet fleet_;
    core::TimePoint now_{};
    pid_t next_pid_ = 1000;
    Words told_;
};

} // namespace pandora::tests::support
