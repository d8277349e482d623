#include "procfiles/validate.hpp"

#include "procfiles/quote.hpp"
#include "procfiles/suggest.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace pandora::procfiles {

namespace {

/// Enough to see what is wrong; a hostile file could make each of them cost as much as all its processes.
constexpr std::size_t cycles_max = 10;

std::vector<std::string_view> socket_names(const AppSpec& app)
{
    std::vector<std::string_view> names;
    for (const Socket& socket : app.sockets) names.push_back(socket.name);
    return names;
}

class Validation {
public:
    explicit Validation(const AppSpec& app)
        : app_{app}, process_suggestions_{process_names(app)}, socket_suggestions_{socket_names(app)}
    {
        for (std::size_t i = 0; i < app.processes.size(); ++i) index_.emplace(app.processes[i].name, i);
        for (const Socket& socket : app.sockets) sockets_.insert(socket.name);
    }

    std::vector<Problem> run()
    {
        for (const ProcessSpec& process : app_.processes) check(process);
        for (const Group& group : app_.groups) check(group);
        validate_hub(app_, problems_);
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
        validate_process(process, problems_);
        for (const std::string& socket : process.sockets)
            if (!sockets_.contains(socket))
                problem(process.place, "process " + quote(process.name) + " is given socket " + quote(socket) +
                                           ", which does not exist" + socket_suggestions_.end_of_message(socket));
        for (const Dependency& dependency : process.depends_on) check(process, dependency);
    }

    void check(const ProcessSpec& process, const Dependency& dependency)
    {
        if (dependency.process == process.name)
            return problem(dependency.place, "process " + quote(process.name) + " depends on itself");
        const ProcessSpec* other = find(dependency.process);
        if (other == nullptr) return unknown(process, dependency);
        switch (dependency.condition) {
        case Condition::started:
        case Condition::healthy: return;
        case Condition::completed:
        case Condition::completed_successfully: return check_end(process, dependency, *other);
        case Condition::log_ready: return check_log_line(process, dependency, *other);
        case Condition::object_published: return check_promise(process, dependency, *other);
        }
    }

    void check_end(const ProcessSpec& process, const Dependency& dependency, const ProcessSpec& other)
    {
        if (other.availability.restart == Restart::always)
            problem(dependency.place, "process " + quote(process.name) + " waits for the end of " + quote(other.name) +
                                          ", which has `restart: always` and never ends");
    }

    void check_log_line(const ProcessSpec& process, const Dependency& dependency, const ProcessSpec& other)
    {
        if (other.readiness.log_line.empty())
            problem(dependency.place, "process " + quote(process.name) + " waits for a line of " + quote(other.name) +
                                          ", which has no `ready_log_line`");
    }

    /// Objects may be published without a promise; nobody can tell beforehand.
    void check_promise(const ProcessSpec& process, const Dependency& dependency, const ProcessSpec& other)
    {
        const auto& promised = other.readiness.objects;
        const bool any = dependency.object.empty();
        if (any ? !promised.empty() : std::find(promised.begin(), promised.end(), dependency.object) != promised.end())
            return;
        const std::string object = any ? "an object" : "object " + quote(dependency.object);
        problems_.push_back({dependency.place,
                             "process " + quote(process.name) + " waits for " + object + " of " + quote(other.name) +
                                 ", which does not promise " + (any ? "any" : "it") + " in `objects`",
                             any ? Severity::error : Severity::warning});
    }

    void check(const Group& group)
    {
        if (group.processes.empty()) problem(group.place, "group " + quote(group.name) + " has no processes");
        std::unordered_set<std::string_view> seen;
        for (const std::string& name : group.processes) {
            if (find(name) == nullptr)
                problem(group.place, "group " + quote(group.name) + " has process " + quote(name) +
                                         ", which does not exist" + process_suggestions_.end_of_message(name));
            if (!seen.insert(name).second)
                problem(group.place, "group " + quote(group.name) + " lists process " + quote(name) + " twice");
            const auto [other, is_first] = group_of_.emplace(name, group.name);
            if (!is_first && other->second != group.name)
                problem(group.place, "process " + quote(name) + " is in groups " + quote(other->second) + " and " +
                                         quote(group.name) + "; which strategy were to hold?");
        }
    }

    void unknown(const ProcessSpec& process, const Dependency& dependency)
    {
        problem(dependency.place, "process " + quote(process.name) + " depends on " + quote(dependency.process) +
                                      ", which does not exist" +
                                      process_suggestions_.end_of_message(dependency.process, process.name));
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
    std::set<std::string_view> sockets_;
    std::unordered_map<std::string_view, std::string_view> group_of_;
    std::vector<Problem> problems_;
    Suggestions process_suggestions_;
    Suggestions socket_suggestions_;
    std::size_t cycles_ = 0;
    std::vector<Visit> visits_;
    std::vector<Step> path_;
};

} // namespace

std::vector<std::string_view> process_names(const AppSpec& spec)
{
    std::vector<std::string_view> names;
    for (const ProcessSpec& process : spec.processes) names.push_back(process.name);
    return names;
}

std::vector<Problem> validate(const AppSpec& spec) { return Validation{spec}.run(); }

} // namespace pandora::procfiles
