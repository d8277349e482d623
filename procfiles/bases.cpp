#include "procfiles/bases.hpp"

#include "procfiles/keys.hpp"
#include "procfiles/limits.hpp"
#include "procfiles/values.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace pandora::procfiles {

namespace {

struct Extends {
    std::string file;
    std::string process;
};

constexpr std::array extends_keys{
    Key<Extends>{"file", field<&Extends::file, read_nonempty_text>},
    Key<Extends>{"process", field<&Extends::process, read_nonempty_text>},
};

constexpr std::array extends_hints{
    Hint{"service", "process"},
    Hint{"path", "file"},
};

bool looks_like_file(std::string_view text)
{
    return text.find('/') != std::string_view::npos || text.ends_with(".yml") || text.ends_with(".yaml");
}

const Map* processes_of(const Node& root)
{
    const auto* map = std::get_if<Map>(&root.content);
    const Entry* processes = map == nullptr ? nullptr : map->find("processes");
    return processes == nullptr ? nullptr : std::get_if<Map>(&processes->value->content);
}

class Bases {
public:
    Bases(Reader& reader, Sources& sources) : reader_{reader}, sources_{sources} {}

    const Node& apply(const Node& root)
    {
        const Map* processes = processes_of(root);
        const auto extends = [](const Entry& entry) {
            const auto* map = std::get_if<Map>(&entry.value->content);
            return map != nullptr && map->find("extends") != nullptr;
        };
        if (processes == nullptr || std::none_of(processes->entries.begin(), processes->entries.end(), extends))
            return root;
        Map resolved;
        for (const Entry& entry : processes->entries) {
            resolved.entries.push_back(entry);
            resolved.entries.back().value = resolve(root, entry);
        }
        return sources_.merger().with(root, "processes", std::move(resolved));
    }

private:
    /// A process of a tree.
    using Id = std::pair<const Node*, std::string_view>;

    const Node* resolve(const Node& root, const Entry& process)
    {
        const auto* map = std::get_if<Map>(&process.value->content);
        const Entry* extends = map == nullptr ? nullptr : map->find("extends");
        if (extends == nullptr) return process.value;
        const Id id{&root, process.key};
        if (const auto known = resolved_.find(id); known != resolved_.end()) return known->second;
        const Node& own = sources_.merger().without(*process.value, "extends");
        chain_.push_back(id);
        const Node* base = base_of(root, process.key, *extends->value);
        chain_.pop_back();
        const Node* result = &own;
        if (base != nullptr && spend(*base, extends->value->place)) result = &sources_.merger().merge(*base, own);
        resolved_.emplace(id, result);
        return result;
    }

    Extends read(std::string_view process, const Node& node)
    {
        Extends extends;
        if (std::holds_alternative<Scalar>(node.content)) {
            std::string text;
            read_nonempty_text(reader_, node, text);
            (looks_like_file(text) ? extends.file : extends.process) = text;
        } else {
            read_keys(reader_, node, extends_keys, extends, extends_hints);
        }
        if (extends.process.empty() && !extends.file.empty()) extends.process = process;
        return extends;
    }

    const Node* base_of(const Node& root, std::string_view process, const Node& node)
    {
        if (reader_.is_absent(node)) return nullptr;
        const Extends extends = read(process, node);
        if (extends.process.empty()) return nullptr; // told already, or a map with nothing in it
        const Node* tree =
            extends.file.empty() ? &root : sources_.open(sources_.path_of(extends.file, node.place), node.place);
        if (tree == nullptr) return nullptr;
        const Map* processes = processes_of(*tree);
        const Entry* base = processes == nullptr ? nullptr : processes->find(extends.process);
        if (base == nullptr) {
            reader_.problem(node.place, "process " + quote(process) + " extends " + quote(extends.process) +
                                            ", which does not exist");
            return nullptr;
        }
        if (is_in_chain({tree, base->key}, node.place)) return nullptr;
        return resolve(*tree, *base);
    }

    bool is_in_chain(const Id& id, Place place)
    {
        const auto begin = std::find(chain_.begin(), chain_.end(), id);
        if (begin == chain_.end() && chain_.size() < extends_depth_max) return false;
        if (begin == chain_.end()) {
            reader_.problem(place, "more than " + std::to_string(extends_depth_max) + " processes extend each other");
            return true;
        }
        std::string text;
        for (auto step = begin; step != chain_.end(); ++step) text += std::string{step->second} + " -> ";
        reader_.problem(place, "processes extend each other: " + text + std::string{id.second});
        return true;
    }

    /// A base is read again for every process over it, as an alias is.
    bool spend(const Node& base, Place place)
    {
        if (spent_ > nodes_max) return false;
        count(base);
        if (spent_ > nodes_max)
            reader_.problem(place, "`extends` makes more than " + std::to_string(nodes_max) + " keys and values");
        return spent_ <= nodes_max;
    }

    /// No deeper than a document is.
    void count(const Node& node)
    {
        if (++spent_ > nodes_max) return;
        if (const auto* list = std::get_if<List>(&node.content))
            for (const Node* item : list->items) count(*item);
        if (const auto* map = std::get_if<Map>(&node.content))
            for (const Entry& entry : map->entries) count(*entry.value);
    }

    Reader& reader_;
    Sources& sources_;
    std::vector<Id> chain_;
    std::map<Id, const Node*> resolved_;
    std::size_t spent_ = 0;
};

} // namespace

const Node& apply_process_extends(Reader& reader, Sources& sources, const Node& root)
{
    return Bases{reader, sources}.apply(root);
}

void append_extends_keys(std::vector<std::string>& into) { append_keys("processes.*.extends.", extends_keys, into); }

} // namespace pandora::procfiles
