#include "supervisor/cli/settling.hpp"

#include "supervisor/cli/table.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace pandora::supervisor::cli {

namespace {

using control::InstanceView;
using Before = control::Accepted::Before;

bool is_one_of(const std::string& state, std::initializer_list<const char*> states)
{
    return std::ranges::any_of(states, [&](const char* one) { return state == one; });
}

std::string name_of(const InstanceView& view) { return instance_text(view.process, view.instance); }

const InstanceView* find(const std::vector<InstanceView>& now, const std::string& process, std::uint32_t instance)
{
    const auto found = std::ranges::find_if(
        now, [&](const InstanceView& view) { return view.process == process && view.instance == instance; });
    return found == now.end() ? nullptr : &*found;
}

/// How it ended and why, whichever of the two says both.
std::string reason(const InstanceView& view)
{
    if (view.cause.empty()) return view.last_end;
    if (view.last_end.empty() || view.cause.starts_with(view.last_end)) return view.cause;
    return view.last_end + "; " + view.cause;
}

/// "web/0 ready, pid 17", "web/0 failed: exit 3; gave up after 5 restarts"
std::string told(const InstanceView& view)
{
    const auto text = name_of(view) + " " + view.state;
    if (view.up && view.pid) return text + ", pid " + std::to_string(*view.pid);
    const auto why = reason(view);
    return why.empty() ? text : text + ": " + why;
}

/// nullopt: on its way. A run that has ended and waits to be tried again is reported as the failure it is.
std::optional<Line> running(const InstanceView& view)
{
    if (is_one_of(view.state, {"ready", "completed", "scheduled"})) return Line{told(view), true};
    if (is_one_of(view.state, {"failed", "backoff", "disabled"})) return Line{told(view), false};
    return std::nullopt;
}

std::optional<Line> stopped(const InstanceView& view)
{
    if (view.up || is_one_of(view.state, {"pending", "starting", "ready", "stopping", "backoff"})) return std::nullopt;
    return Line{name_of(view) + " stopped", true};
}

/// A run that failed before it began counts as none.
std::optional<Line> restarted(const InstanceView& view, const Before& before)
{
    if (view.runs <= before.runs && view.state != "failed") return std::nullopt;
    return running(view);
}

/// A rolling replace ends with all of them replaced, or is taken back; both are seen when it is over.
std::optional<Line> rolled(const Rolled& goal, const InstanceView& view, const Before& before)
{
    if (view.rolling) return std::nullopt;
    if (view.runs > before.runs || view.state == "failed") return running(view);
    const auto failure = goal.failures.find(view.process);
    const auto why = failure == goal.failures.end() ? "; `pandora run` has said why" : "; " + failure->second;
    return Line{name_of(view) + " was not replaced: the rolling replace was taken back" + why, false};
}

/// What does not run takes on its configuration when it starts: nothing is done to it.
std::optional<Line> reloaded(const Reloaded& goal, const InstanceView& view)
{
    const auto* before = find(goal.before, view.process, view.instance);
    if (before && !before->up) return Line{name_of(view) + " did not run: nothing to reload", true};
    return view.rolling ? std::nullopt : running(view);
}

std::optional<Line> settled(const Goal& goal, const InstanceView& view, const Before& before)
{
    if (const auto* how = std::get_if<Rolled>(&goal)) return rolled(*how, view, before);
    if (const auto* how = std::get_if<Reloaded>(&goal)) return reloaded(*how, view);
    if (std::holds_alternative<Stopped>(goal)) return stopped(view);
    if (std::holds_alternative<Restarted>(goal)) return restarted(view, before);
    return running(view);
}

/// Collects what has settled and who has not.
class Tally {
public:
    void add(const InstanceView& view, std::optional<Line> line)
    {
        if (line)
            lines_.push_back(std::move(*line));
        else
            waiting_ += (waiting_.empty() ? "" : ", ") + name_of(view) + " (" + view.state + ")";
    }

    void add(Line line) { lines_.push_back(std::move(line)); }

    void missing(const std::string& who) { waiting_ += (waiting_.empty() ? "" : ", ") + who + " (to come)"; }

    std::variant<Outcome, Underway> result()
    {
        if (!waiting_.empty()) return Underway{std::move(waiting_)};
        return std::move(lines_);
    }

private:
    Outcome lines_;
    std::string waiting_;
};

std::variant<Outcome, Underway> look_scaled(const Scaled& goal, const std::vector<InstanceView>& now)
{
    Tally tally;
    for (std::uint32_t n = 0; n < goal.replicas; ++n) {
        if (const auto* view = find(now, goal.process, n))
            tally.add(*view, running(*view));
        else
            tally.missing(instance_text(goal.process, n));
    }
    for (const auto& view : now)
        if (view.process == goal.process && view.instance >= goal.replicas) tally.add(view, stopped(view));
    return tally.result();
}

} // namespace

std::variant<Outcome, Underway> look(const Goal& goal, const control::Accepted& before,
                                     const std::vector<InstanceView>& now)
{
    if (const auto* scaled = std::get_if<Scaled>(&goal)) return look_scaled(*scaled, now);
    Tally tally;
    for (const auto& one : before.instances) {
        if (const auto* view = find(now, one.process, one.instance))
            tally.add(*view, settled(goal, *view, one));
        else // scaled away, or one that served only while a rolling replace, this or the one before, was under way
            tally.add(Line{instance_text(one.process, one.instance) + " gone", !std::holds_alternative<Started>(goal)});
    }
    return tally.result();
}

} // namespace pandora::supervisor::cli
