// `depends_on`: what must hold of other processes before one starts.
#include "procfiles/keys.hpp"
#include "procfiles/values.hpp"

#include <array>
#include <unordered_set>

namespace pandora::procfiles {

namespace {

constexpr std::array conditions{
    Word<Condition>{"process_started", Condition::started},
    Word<Condition>{"process_healthy", Condition::healthy},
    Word<Condition>{"process_completed", Condition::completed},
    Word<Condition>{"process_completed_successfully", Condition::completed_successfully},
    Word<Condition>{"process_log_ready", Condition::log_ready},
    Word<Condition>{"object_published", Condition::object_published},
};

constexpr std::array dependency_keys{
    Key<Dependency>{"condition", field<&Dependency::condition, read_word<conditions>>},
    Key<Dependency>{"object", field<&Dependency::object, read_nonempty_text>},
};

void read_dependency(Reader& reader, const Entry& entry, std::vector<Dependency>& into)
{
    Dependency dependency{.process = std::string{entry.key}, .place = entry.place};
    const Given given = read_keys(reader, *entry.value, dependency_keys, dependency);
    const auto object = given.find("object");
    if (object && !given.find("condition")) dependency.condition = Condition::object_published;
    if (object && dependency.condition != Condition::object_published)
        reader.problem(*object, "`object` belongs to the condition `object_published`");
    into.push_back(std::move(dependency));
}

void read_dependency_list(Reader& reader, const List& list, std::vector<Dependency>& into)
{
    std::unordered_set<std::string> seen;
    for (const Node* item : list.items) {
        auto name = reader.text(*item, "the name of a process");
        if (!name) continue;
        if (seen.insert(*name).second)
            into.push_back({.process = *std::move(name), .place = item->place});
        else
            reader.problem(item->place, "dependency on " + quote(*name) + " listed twice");
    }
}

} // namespace

void read_dependencies(Reader& reader, const Node& node, std::vector<Dependency>& into)
{
    if (const auto* list = std::get_if<List>(&node.content)) return read_dependency_list(reader, *list, into);
    const Map* map = reader.map(node, "a list of process names or a map");
    if (map == nullptr) return;
    for (const Entry& entry : map->entries) read_dependency(reader, entry, into);
}

void append_dependency_keys(std::vector<std::string>& into)
{
    append_keys("processes.*.depends_on.*.", dependency_keys, into);
}

} // namespace pandora::procfiles
