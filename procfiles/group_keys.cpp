// `groups`: which processes are restarted together.
#include "procfiles/keys.hpp"
#include "procfiles/names.hpp"
#include "procfiles/values.hpp"

#include <array>

namespace pandora::procfiles {

namespace {

constexpr std::array strategies{
    Word<Strategy>{"one_for_one", Strategy::one_for_one},
    Word<Strategy>{"one_for_all", Strategy::one_for_all},
    Word<Strategy>{"rest_for_one", Strategy::rest_for_one},
};

constexpr std::array group_keys{
    Key<Group>{"strategy", field<&Group::strategy, read_word<strategies>>},
    Key<Group>{"processes", field<&Group::processes, read_texts>},
};

constexpr std::array group_hints{
    Hint{"programs", "processes"},
    Hint{"members", "processes"},
};

} // namespace

void read_groups(Reader& reader, const Node& node, std::vector<Group>& into)
{
    const Map* map = reader.map(node, "a map of groups by name");
    if (map == nullptr) return;
    for (const Entry& entry : map->entries) {
        Group group{.name = std::string{entry.key}, .place = entry.place};
        if (const auto fault = process_name_fault(entry.key))
            reader.problem(entry.place, "group " + quote(entry.key) + ": " + *fault);
        read_keys(reader, *entry.value, group_keys, group, group_hints);
        into.push_back(std::move(group));
    }
}

void append_group_keys(std::vector<std::string>& into) { append_keys("groups.*.", group_keys, into); }

} // namespace pandora::procfiles
