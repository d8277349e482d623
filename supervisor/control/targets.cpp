#include "supervisor/control/targets.hpp"

#include "procfiles/scalars.hpp"
#include "procfiles/suggest.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace pandora::supervisor::control {

namespace {

/// What is shown of a name that a caller made up.
constexpr std::size_t shown_bytes_max = 80;

constexpr std::string_view namespace_prefix = "ns:";

const Refused nothing_named{"name what is meant: a process, an instance like web/1, ns:NAME, or all"};

std::string marked(std::string_view text) { return "`" + std::string{text.substr(0, shown_bytes_max)} + "`"; }

/// "0, 1, 4"
std::string listed(const std::vector<std::uint32_t>& indexes)
{
    constexpr std::size_t shown_max = 10;
    std::string text;
    for (std::size_t i = 0; i < indexes.size() && i < shown_max; ++i)
        text += (i == 0 ? "" : ", ") + std::to_string(indexes[i]);
    return indexes.size() > shown_max ? text + ", ... " + std::to_string(indexes.back()) : text;
}

Refused no_such_instance(std::string_view index, const KnownProcess& process)
{
    const auto has = process.instances.empty() ? "none" : listed(process.instances);
    return {marked(process.name) + " has no instance " + marked(index) + ": it has " + has};
}

/// What a caller named so far: whole processes and single instances, which a process may contain.
class Chosen {
public:
    explicit Chosen(const std::vector<KnownProcess>& known) : known_{known} {}

    std::optional<Refused> add(const Json& named)
    {
        if (named.is_string()) return add_text(named.get_ref<const std::string&>());
        if (named.is_array()) return add_each(named);
        const auto space = named.is_object() ? named.find("namespace") : named.end();
        if (space != named.end() && space->is_string()) return add_namespace(space->get_ref<const std::string&>());
        return nothing_named;
    }

    Targets targets() const
    {
        Targets found;
        for (const auto& process : known_) {
            if (whole_.contains(process.name)) {
                found.push_back({process.name, std::nullopt});
                continue;
            }
            for (const auto index : process.instances)
                if (single_.contains({process.name, index})) found.push_back({process.name, index});
        }
        return found;
    }

private:
    std::optional<Refused> add_each(const Json& named)
    {
        for (const Json& one : named) {
            if (one.is_array()) return nothing_named;
            if (auto refused = add(one)) return refused;
        }
        return named.empty() ? std::optional{nothing_named} : std::nullopt;
    }

    std::optional<Refused> add_text(const std::string& text)
    {
        if (text.starts_with(namespace_prefix)) return add_namespace(text.substr(namespace_prefix.size()));
        if (text == "all" && !find_process(text, known_)) return add_all();
        const auto found = find_target(text, known_);
        if (const auto* refused = std::get_if<Refused>(&found)) return *refused;
        const auto& target = std::get<Target>(found);
        if (target.index)
            single_.emplace(target.process, *target.index);
        else
            whole_.insert(target.process);
        return std::nullopt;
    }

    std::optional<Refused> add_namespace(const std::string& name)
    {
        bool any = false;
        for (const auto& process : known_) {
            if (process.builtin || std::ranges::count(process.namespaces, name) == 0) continue;
            whole_.insert(process.name);
            any = true;
        }
        return any ? std::nullopt : std::optional{no_such_namespace(name)};
    }

    std::optional<Refused> add_all()
    {
        for (const auto& process : known_)
            if (!process.builtin) whole_.insert(process.name);
        return whole_.empty() ? std::optional{Refused{"the app has no processes"}} : std::nullopt;
    }

    Refused no_such_namespace(const std::string& name) const
    {
        std::vector<std::string_view> names;
        for (const auto& process : known_)
            names.insert(names.end(), process.namespaces.begin(), process.namespaces.end());
        return {"no process is in the namespace " + marked(name) +
                procfiles::did_you_mean(procfiles::nearest(name, names))};
    }

    const std::vector<KnownProcess>& known_;
    std::set<std::string> whole_;
    std::set<std::pair<std::string, std::uint32_t>> single_;
};

} // namespace

const KnownProcess* find_process(std::string_view name, const std::vector<KnownProcess>& known)
{
    const auto found = std::ranges::find(known, name, &KnownProcess::name);
    return found == known.end() ? nullptr : &*found;
}

Refused no_such_process(std::string_view name, const std::vector<KnownProcess>& known)
{
    std::vector<std::string_view> names;
    for (const auto& process : known) names.push_back(process.name);
    // Names longer than any process' are none's misspelling, and cost the more to compare.
    const auto near = name.size() <= shown_bytes_max ? procfiles::nearest(name, names) : std::string_view{};
    return {"no process " + marked(name) + procfiles::did_you_mean(near)};
}

std::variant<Target, Refused> find_target(std::string_view named, const std::vector<KnownProcess>& known)
{
    if (named.empty()) return nothing_named;
    const auto slash = named.find('/');
    const auto* process = find_process(named.substr(0, slash), known);
    if (!process) return no_such_process(named.substr(0, slash), known);
    if (slash == std::string_view::npos) return Target{process->name, std::nullopt};
    const auto digits = named.substr(slash + 1);
    const auto index = procfiles::parse_count(digits);
    if (!index || *index > UINT32_MAX) return no_such_instance(digits, *process);
    const auto instance = static_cast<std::uint32_t>(*index);
    if (std::ranges::count(process->instances, instance) == 0) return no_such_instance(digits, *process);
    return Target{process->name, instance};
}

std::variant<Targets, Refused> find_targets(const Json& named, const std::vector<KnownProcess>& known)
{
    Chosen chosen{known};
    if (auto refused = chosen.add(named)) return *refused;
    return chosen.targets();
}

} // namespace pandora::supervisor::control
