#include "procfiles/validate.hpp"

#include "procfiles/quote.hpp"
#include "procfiles/suggest.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace pandora::procfiles {

namespace {

/// Enough to see what is wrong; a hostile file could make each of them cost as much as all its processes.
constexpr std::size_t cycles_max = 10;
constexpr std::size_t suggestions_max = 20;

class Validation {
public:
    explicit Validation(const AppSpec& app) : app_{app}
    {
        for (std::size_t i = 0; i < app.processes.size(); ++i) index_.emplace(app.processes[i].name, i);
    }

    std::vector<Problem> run()
    {
        for (const ProcessSpec& process : app_.processes) check(process);
        find_cycles();
        return std::move(problems_);
    }

private:
    /// How far the search for cycles is with a process.
    enum class Visit : std::uint8_t { not_yet, on_path, done };

    /// A process on the path of the search, and the dependency that it follows next.
    struct Step {
        std::size_t process;
        std::size_t next = 0;
    };

    void problem(Place place, std::string message) { problems_.push_back({place, std::move(message)}); }

    const ProcessSpec* find(std::string_view name) const
    {
        const auto found = index_.find(name);
        return found == index_.end() ? nullptr : &app_.processes[found->second];
    }

    void check(const ProcessSpec& process)
    {
        if (process.replicas == 0) problem(process.place, "process " + quote(process.name) + " has no replicas");
        const Availability& availability = process.availability;
        if (availability.backoff_multiplier < 1)
            problem(availability.place, "`backoff_multiplier` must be at least 1: delays do not shrink");
        if (availability.backoff_max < availability.backoff)
            problem(availability.place, "`backoff_max` (" + std::to_string(availability.backoff_max.count()) +
                                            " ms) must not be below `backoff` (" +
                                            std::to_string(availability.backoff.count()) + " ms)");
        for (const Dependency& dependency : process.depends_on) check(process, dependency);
    }

    void check(const ProcessSpec& process, const Dependency& dependency)
    {
        if (dependency.process == process.name)
            return problem(dependency.place, "process " + quote(process.name) + " depends on itself");
        const ProcessSpec* other = find(dependency.process);
        if (other == nullptr) return unknown(process, dependency);
        const bool waits_for_end =
            dependency.condition == Condition::completed || dependency.condition == Condition::completed_successfully;
        if (waits_for_end && other->availability.restart == Restart::always)
            problem(dependency.place, "process " + quote(process.name) + " waits for the end of " + quote(other->name) +
                                          ", which has `restart: always` and never ends");
    }

    void unknown(const ProcessSpec& process, const Dependency& dependency)
    {
        problem(dependency.place, "process " + quote(process.name) + " depends on " + quote(dependency.process) +
                                      ", which does not exist" + did_you_mean(suggestion(process, dependency)));
    }

    std::string_view suggestion(const ProcessSpec& process, const Dependency& dependency)
    {
        if (++suggestions_ > suggestions_max) return {};
        std::vector<std::string_view> names;
        for (const ProcessSpec& known : app_.processes)
            if (&known != &process) names.push_back(known.name);
        return nearest(dependency.process, names);
    }

    /// Depth first with a path of its own: a chain of dependencies may be longer than the stack is deep.
    void find_cycles()
    {
        visits_.assign(app_.processes.size(), Visit::not_yet);
        for (std::size_t start = 0; start < visits_.size(); ++start) {
            if (visits_[start] != Visit::not_yet) continue;
            enter(start);
            while (!path_.empty()) advance();
        }
    }

    void enter(std::size_t process)
    {
        visits_[process] = Visit::on_path;
        path_.push_back({process});
    }

    void advance()
    {
        const ProcessSpec& process = app_.processes[path_.back().process];
        if (path_.back().next == process.depends_on.size()) {
            visits_[path_.back().process] = Visit::done;
            path_.pop_back();
            return;
        }
        const auto other = index_.find(process.depends_on[path_.back().next++].process);
        if (other == index_.end() || other->second == path_.back().process) return; // check() tells of these
        switch (visits_[other->second]) {
        case Visit::not_yet: return enter(other->second);
        case Visit::on_path: return report_cycle(other->second);
        case Visit::done: return;
        }
    }

    /// The path ends in a dependency on `first`, which is on the path: from there on it is a cycle.
    void report_cycle(std::size_t first)
    {
        if (++cycles_ > cycles_max) return;
        const auto begin =
            std::find_if(path_.begin(), path_.end(), [&](const Step& step) { return step.process == first; });
        std::string text;
        for (auto step = begin; step != path_.end(); ++step) text += app_.processes[step->process].name + " -> ";
        text += app_.processes[first].name;
        const Dependency& start = app_.processes[first].depends_on[begin->next - 1];
        problem(start.place, "processes wait for each other: " + text);
    }

    const AppSpec& app_;
    std::unordered_map<std::string_view, std::size_t> index_;
    std::vector<Problem> problems_;
    std::size_t suggestions_ = 0;
    std::size_t cycles_ = 0;
    std::vector<Visit> visits_;
    std::vector<Step> path_;
};

} // namespace

std::vector<Problem> validate(const AppSpec& spec) { return Validation{spec}.run(); }

} // namespace pandora::procfiles
