// The master as the object `pandora.supervisor` sees it.
#include "metrics/procfs.hpp"
#include "procfiles/print.hpp"
#include "supervisor/app/master.hpp"
#include "supervisor/app/unix_time.hpp"
#include "supervisor/core/overloaded.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace pandora::supervisor::app {

namespace {

// Who asks for the list at the same time: scrapes, dashboards, commands. Choice; each answer is written on the main
// thread, whatever strangers ask for.
constexpr std::size_t listing_max = 16;

std::string reason_of(const core::Announce& change)
{
    if (!change.end) return change.cause;
    const auto end = core::describe(*change.end);
    return change.cause.empty() ? end : end + "; " + change.cause;
}

/// The procfile of this process alone.
std::string spec_text(const procfiles::AppSpec& app, const procfiles::ProcessSpec& process)
{
    procfiles::AppSpec alone;
    alone.name = app.name;
    alone.file = app.file;
    alone.processes = {process};
    return procfiles::print(alone, procfiles::EnvironmentValues::hidden);
}

/// Reads /proc: not on the main thread.
std::map<pid_t, control::Usage> usages_of(const std::vector<pid_t>& pids)
{
    std::map<pid_t, control::Usage> usages;
    for (const auto pid : pids)
        if (const auto usage = metrics::read_usage(pid))
            usages.insert({pid, {usage->cpu_seconds, usage->resident_bytes, usage->open_fds, usage->threads}});
    return usages;
}

double unix_time(core::WallTime at) { return std::chrono::duration<double>(at.time_since_epoch()).count(); }

} // namespace

std::optional<core::ProcessId> Master::find(const std::string& process) const
{
    for (std::uint32_t n = 0; n < fleet_.size(); ++n)
        if (fleet_.member(core::ProcessId{n}).spec.name == process) return core::ProcessId{n};
    return std::nullopt;
}

std::vector<control::KnownProcess> Master::processes() const
{
    std::vector<control::KnownProcess> known;
    for (std::uint32_t n = 0; n < fleet_.size(); ++n) {
        const auto& member = fleet_.member(core::ProcessId{n});
        auto& process = known.emplace_back(control::KnownProcess{.name = member.spec.name,
                                                                 .namespaces = member.spec.namespaces,
                                                                 .builtin = member.role == core::Role::builtin});
        for (const auto& instance : fleet_.instances(core::ProcessId{n})) {
            process.instances.push_back(instance.id().index);
            if (instance.is_retired()) process.leaving.push_back(instance.id().index);
        }
    }
    return known;
}

std::string Master::health_of(const core::Lifecycle& instance) const
{
    if (!core::is_live(instance.state())) return {};
    if (silence_of(instance)) return "unresponsive";
    if (instance.state() == core::State::starting && !instance.missing().empty())
        return "waits for " + instance.missing();
    switch (instance.liveness()) {
    case core::ProbeState::unknown: return {};
    case core::ProbeState::passing: return "passing";
    case core::ProbeState::failing: return "failing";
    }
    return {};
}

control::InstanceView Master::view_of(core::InstanceId id) const
{
    const auto& member = fleet_.member(id.process);
    const auto& instance = fleet_.instance(id);
    control::InstanceView view{.process = member.spec.name,
                               .instance = id.index,
                               .builtin = member.role == core::Role::builtin,
                               .state = core::name(instance.state()),
                               .up = instance.pid().has_value(),
                               .restarts = instance.restarts(),
                               .pid = instance.pid()};
    if (const auto at = instance.started_at()) view.start_time = app::unix_time(*at);
    if (const auto& end = instance.last_end()) view.last_end = core::describe(*end);
    if (const auto kept = kept_.find(id); kept != kept_.end()) view.cause = kept->second.cause;
    if (const auto other = fleet_.waits_for(id); !other.empty()) view.cause = "waiting for " + other;
    view.health = health_of(instance);
    view.rolling = fleet_.is_rolling(id.process);
    view.status = instance.status_text();
    if (instance.state() == core::State::backoff && instance.deadline())
        view.next_start = app::unix_time(*instance.deadline());
    if (const auto next = driver_.next_time(id.process); next && instance.state() == core::State::scheduled)
        view.next_start = unix_time(*next);
    const auto mine = "process " + member.spec.name + ": ";
    for (const auto& line : isolations_.unapplied())
        if (line.starts_with(mine)) view.not_applied.push_back(line.substr(mine.size()));
    return view;
}

std::vector<control::InstanceView> Master::views() const
{
    std::vector<control::InstanceView> found;
    for (std::uint32_t n = 0; n < fleet_.size(); ++n)
        for (const auto& instance : fleet_.instances(core::ProcessId{n})) found.push_back(view_of(instance.id()));
    return found;
}

/// Reading /proc takes some 20 us a process: it is done on the sampler's thread, once for all who ask meanwhile.
bool Master::list(Listed done)
{
    if (listing_.size() == listing_max) return false;
    listing_.push_back(std::move(done));
    if (listing_.size() > 1) return true;
    boost::asio::post(sampler_, [this, pids = pids()] {
        boost::asio::post(io_, [this, usages = usages_of(pids)] { answer_listing(usages); });
    });
    return true;
}

std::vector<pid_t> Master::pids() const
{
    std::vector<pid_t> found;
    for (std::uint32_t n = 0; n < fleet_.size(); ++n)
        for (const auto& instance : fleet_.instances(core::ProcessId{n}))
            if (const auto pid = instance.pid()) found.push_back(*pid);
    return found;
}

/// With everything as it is now, not as it was when the reading began: who asked meanwhile may have ordered a change
/// just before, and must not take what was before it for what came of it.
void Master::answer_listing(const std::map<pid_t, control::Usage>& usages)
{
    auto found = views();
    for (auto& view : found)
        if (const auto usage = usages.find(view.pid.value_or(0)); usage != usages.end()) view.usage = usage->second;
    for (const auto& waiting : std::exchange(listing_, {})) waiting(found);
}

std::optional<control::Whose> Master::who_is(pid_t pid)
{
    const auto instance = driver_.instance_of(pid);
    if (!instance) return std::nullopt;
    return control::Whose{app_.name, fleet_.member(instance->process).spec.name, instance->index};
}

/// By the pid, as it is now: what a run that has ended published does not make the next one ready.
void Master::object_published(pid_t publisher, const std::string& object)
{
    if (const auto instance = driver_.instance_of(publisher)) driver_.report(core::ObjectPublished{*instance, object});
}

std::optional<control::Description> Master::describe(const control::Target& target)
{
    control::Description found{.process = target.process, .spec = "", .instances = {}, .transitions = {}};
    for (auto& view : views())
        if (view.process == target.process && (!target.index || *target.index == view.instance))
            found.instances.push_back(std::move(view));
    const auto process = find(target.process);
    if (found.instances.empty() || !process) return std::nullopt;
    const auto& member = fleet_.member(*process);
    if (member.role == core::Role::worker) found.spec = spec_text(app_, member.spec);
    return found;
}

std::optional<control::Refused> Master::act(const control::Request& request)
{
    if (stop_signals_.any()) return control::Refused{"the app is stopping"};
    const auto each = [this](const control::Targets& targets, auto act) {
        for (const auto& target : targets)
            if (const auto process = find(target.process)) act(core::Which{*process, target.index});
    };
    const auto report_each = [&](const control::Targets& targets, auto event) {
        each(targets, [&](const core::Which& which) {
            if (fleet_.member(which.process).role == core::Role::builtin)
                report_later(event(which));
            else
                driver_.report(event(which));
        });
    };
    return std::visit(core::Overloaded{
                          [&](const control::StartRequest& r) -> std::optional<control::Refused> {
                              report_each(r.targets, [](const core::Which& w) { return core::StartAsked{w}; });
                              return std::nullopt;
                          },
                          [&](const control::StopRequest& r) -> std::optional<control::Refused> {
                              report_each(r.targets, [](const core::Which& w) { return core::StopAsked{w}; });
                              return std::nullopt;
                          },
                          [&](const control::RestartRequest& r) -> std::optional<control::Refused> {
                              if (r.rolling)
                                  report_each(r.targets,
                                              [](const core::Which& w) { return core::RollAsked{w.process}; });
                              else
                                  report_each(r.targets, [](const core::Which& w) { return core::RestartAsked{w}; });
                              return std::nullopt;
                          },
                          [&](const control::ReloadRequest& r) -> std::optional<control::Refused> {
                              report_each(r.targets, [](const core::Which& w) { return core::ReloadAsked{w}; });
                              return std::nullopt;
                          },
                          [&](const control::ScaleRequest& r) { return scale(r); },
                          [&](const control::SignalRequest& r) -> std::optional<control::Refused> {
                              each(r.targets, [&](const core::Which& which) { send(which, r.signal); });
                              return std::nullopt;
                          },
                      },
                      request);
}

/// Of the hub: the answer to whoever asked goes through it.
void Master::report_later(core::Event event)
{
    constexpr std::chrono::milliseconds time_to_answer{100};
    const auto timer = std::make_shared<boost::asio::steady_timer>(io_, time_to_answer);
    timer->async_wait([this, timer, event = std::move(event)](const boost::system::error_code& error) {
        if (!error) driver_.report(event);
    });
}

std::optional<control::Refused> Master::scale(const control::ScaleRequest& request)
{
    const auto process = find(request.process);
    if (!process) return control::Refused{"there is no process " + request.process};
    if (request.replicas == 0) return control::Refused{"at least one instance has to stay; `stop` takes it down"};
    if (fleet_.member(*process).spec.schedule)
        return control::Refused{request.process + " runs by its schedule, `max_concurrent` at the same time"};
    driver_.report(core::ScaleAsked{*process, request.replicas});
    return std::nullopt;
}

void Master::send(const core::Which& which, int signal)
{
    for (const auto& instance : fleet_.instances(which.process))
        if (instance.pid() && (!which.index || *which.index == instance.id().index))
            driver_.signal({instance.id(), signal, core::Target::leader});
}

std::vector<control::TailLine> Master::tail(const control::TailRequest& request)
{
    std::vector<control::TailLine> found;
    const auto process = find(request.target.process);
    if (!process) return found;
    for (const auto& instance : fleet_.instances(*process)) {
        const auto index = instance.id().index;
        if (request.target.index && *request.target.index != index) continue;
        const auto from = request.after ? *request.after + 1 : 0;
        for (auto& line : pump_.tail({request.target.process, index}, request.lines, from))
            found.push_back(
                {line.position, index, unix_time(line.time), line.stream == logs::Stream::err, std::move(line.text)});
    }
    std::ranges::stable_sort(found, {}, &control::TailLine::at);
    if (found.size() > request.lines)
        found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(request.lines));
    return found;
}

void Master::tell(const core::Announce& change)
{
    auto reason = reason_of(change);
    kept_[change.instance].cause = reason;
    const bool first = object_.changed({.process = fleet_.member(change.instance.process).spec.name,
                                        .instance = change.instance.index,
                                        .from = core::name(change.from),
                                        .to = core::name(change.to),
                                        .at = app::unix_time(change.at),
                                        .reason = std::move(reason)});
    if (first) boost::asio::post(io_, [this] { object_.tell(hub_.link()); });
}

} // namespace pandora::supervisor::app
