#include "procfiles/merge.hpp"

#include <algorithm>
#include <cassert>
#include <unordered_map>
#include <utility>

namespace pandora::procfiles {

namespace {

bool is_nothing(const Node& node) { return std::holds_alternative<Nothing>(node.content); }

/// The other way to say what to run: only one of them can hold.
std::string_view rival_of(std::string_view key)
{
    if (key == "command") return "entrypoint";
    if (key == "entrypoint") return "command";
    return {};
}

} // namespace

const Node& Merger::make(Place place, Map map) { return nodes_.emplace_back(Node{place, std::move(map)}); }

const Node& Merger::merge(const Node& base, const Node& over)
{
    ++layer_;
    return merge_values({}, base, over);
}

const Node& Merger::merge_values(std::string_view key, const Node& base, const Node& over)
{
    if (is_nothing(over)) return base;
    if (is_nothing(base)) return over;
    if (key == "environment") return joined_environment(base, over);
    const bool by_name = key == "depends_on";
    const Node& below = by_name ? as_map(base) : base;
    const Node& above = by_name ? as_map(over) : over;
    if (std::holds_alternative<Map>(below.content) && std::holds_alternative<Map>(above.content))
        return merge_maps(below, above);
    return over;
}

const Node& Merger::merge_maps(const Node& base, const Node& over)
{
    Map merged = std::get<Map>(base.content);
    std::unordered_map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < merged.entries.size(); ++i) index.emplace(merged.entries[i].key, i);
    for (const Entry& entry : std::get<Map>(over.content).entries) {
        const auto below = index.find(entry.key);
        if (below == index.end()) {
            merged.entries.push_back({entry.key, entry.place, entry.value, layer_});
            continue;
        }
        Entry& target = merged.entries[below->second];
        const Node& value = merge_values(entry.key, *target.value, *entry.value);
        if (is_nothing(*entry.value)) continue;
        target = {entry.key, entry.place, &value, layer_};
    }
    std::erase_if(merged.entries, [&](const Entry& entry) {
        const std::string_view rival = rival_of(entry.key);
        if (rival.empty() || entry.layer == layer_) return false;
        const auto other = std::find_if(merged.entries.begin(), merged.entries.end(), [&](const Entry& e) {
            return e.key == rival && e.layer == layer_ && !is_nothing(*e.value);
        });
        return other != merged.entries.end();
    });
    return make(over.place, std::move(merged));
}

/// As one list of NAME=VALUE, in which later ones win.
const Node& Merger::joined_environment(const Node& base, const Node& over)
{
    if (std::holds_alternative<Map>(base.content) && std::holds_alternative<Map>(over.content))
        return merge_maps(base, over);
    List joined;
    append_assignments(base, joined);
    append_assignments(over, joined);
    return nodes_.emplace_back(Node{over.place, std::move(joined)});
}

void Merger::append_assignments(const Node& environment, List& into)
{
    if (const auto* list = std::get_if<List>(&environment.content)) {
        into.items.insert(into.items.end(), list->items.begin(), list->items.end());
        return;
    }
    const auto* map = std::get_if<Map>(&environment.content);
    if (map == nullptr) return into.items.push_back(&environment); // whoever reads it will say what it is
    for (const Entry& entry : map->entries) {
        const auto* value = std::get_if<Scalar>(&entry.value->content);
        if (value == nullptr && !is_nothing(*entry.value)) {
            into.items.push_back(entry.value);
            continue;
        }
        std::string text = std::string{entry.key} + '=' + (value == nullptr ? "" : value->text);
        into.items.push_back(&nodes_.emplace_back(Node{entry.place, Scalar{std::move(text), false}}));
    }
}

/// A list of names is a map of them with nothing behind each.
const Node& Merger::as_map(const Node& dependencies)
{
    const auto* list = std::get_if<List>(&dependencies.content);
    if (list == nullptr) return dependencies;
    Map map;
    std::unordered_map<std::string_view, std::size_t> seen;
    for (const Node* item : list->items) {
        const auto* name = std::get_if<Scalar>(&item->content);
        if (name == nullptr) return dependencies;
        if (!seen.emplace(name->text, 0).second) continue;
        map.entries.push_back({name->text, item->place, &nodes_.emplace_back(Node{item->place, Nothing{}})});
    }
    return make(dependencies.place, std::move(map));
}

const Node& Merger::without(const Node& node, std::string_view key)
{
    const auto* map = std::get_if<Map>(&node.content);
    if (map == nullptr || map->find(key) == nullptr) return node;
    Map rest = *map;
    std::erase_if(rest.entries, [&](const Entry& entry) { return entry.key == key; });
    return make(node.place, std::move(rest));
}

const Node& Merger::with(const Node& node, std::string_view key, Map value)
{
    Map changed = std::get<Map>(node.content);
    const auto entry =
        std::find_if(changed.entries.begin(), changed.entries.end(), [&](const Entry& e) { return e.key == key; });
    assert(entry != changed.entries.end());
    entry->value = &make(entry->value->place, std::move(value));
    return make(node.place, std::move(changed));
}

} // namespace pandora::procfiles
