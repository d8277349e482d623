// Reads typed values out of a YAML document by tables of keys, and collects what is wrong with them.
#pragma once

#include "procfiles/document.hpp"
#include "procfiles/load_context.hpp"
#include "procfiles/problem.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace pandora::procfiles {

/// A key of a map: its name, and the setting that it makes. Two keys of one setting are two spellings of it.
struct KeyName {
    std::string_view name;
    std::string_view setting;
};

/// A word that people write, and what they mean by it; for what is too far off for nearest().
struct Hint {
    std::string_view word;
    std::string_view meant;
};

/// One row of a key table: how to read the value of `name` into a `Target`.
template <class Target>
struct Key {
    std::string_view name;
    void (*read)(class Reader&, const Node&, Target&);
    std::string_view setting = name;
};

/// Which settings of a map were given, with the place of the key.
class Given {
public:
    void add(std::string_view setting, Place place) { settings_.push_back({setting, place}); }

    std::optional<Place> find(std::string_view setting) const
    {
        for (const auto& [name, place] : settings_)
            if (name == setting) return place;
        return std::nullopt;
    }

private:
    struct Setting {
        std::string_view name;
        Place place;
    };

    std::vector<Setting> settings_;
};

/// One reading of one file. Every function that finds a value wrong adds a problem and leaves the target as
/// it was. References that it is given must outlive it.
class Reader {
public:
    Reader(const LoadContext& context, std::vector<Problem>& problems) : context_{context}, problems_{problems} {}

    const LoadContext& context() const { return context_; }

    void problem(Place place, std::string message) { problems_.push_back({place, std::move(message)}); }

    /// "expected WHAT, found ...".
    void expected(const Node& node, std::string_view what);

    /// Nothing is there: null, or plain text that is empty once variables are put in.
    bool is_absent(const Node& node) const;

    /// The value's text with variables put in. `what` says what was expected instead of a list or map.
    std::optional<std::string> text(const Node& node, std::string_view what = "text");

    /// The map or list that is expected; nullptr for anything else (with a problem) and where nothing is
    /// there (without).
    const Map* map(const Node& node, std::string_view what = "a map");
    const List* list(const Node& node, std::string_view what = "a list");

    /// Reads a value that `parse`, text to optional, understands; any other is a problem that tells `what`
    /// was expected.
    template <class Parse, class Value>
    void scalar(const Node& node, std::string_view what, Parse parse, Value& into)
    {
        const auto written = text(node, what);
        if (!written) return;
        if (auto value = parse(*written))
            into = static_cast<Value>(*std::move(value));
        else
            expected(node, what);
    }

    /// Reports keys that are not among `known` and settings spelt twice. Keys that start with `x-` are the
    /// user's own.
    void check_keys(const Map& map, std::span<const KeyName> known, std::span<const Hint> hints);

private:
    std::string expanded(const Scalar& scalar) const;
    std::string unknown_key(std::string_view key, std::span<const KeyName> known, std::span<const Hint> hints) const;

    const LoadContext& context_;
    std::vector<Problem>& problems_;
};

template <class Target>
std::vector<KeyName> names_of(std::span<const Key<Target>> keys)
{
    std::vector<KeyName> names;
    for (const auto& key : keys) names.push_back({key.name, key.setting});
    return names;
}

/// Reads the map `node` by a table. Keys are read in the table's order, whatever the file's, so that a row
/// may build on the rows above it. A key with nothing behind it counts as not given.
template <class Target>
Given read_keys(Reader& reader, const Node& node, std::type_identity_t<std::span<const Key<Target>>> keys, Target& into,
                std::span<const Hint> hints = {})
{
    Given given;
    const Map* map = reader.map(node);
    if (map == nullptr) return given;
    reader.check_keys(*map, names_of<Target>(keys), hints);
    for (const auto& key : keys) {
        const Entry* entry = map->find(key.name);
        if (entry == nullptr || reader.is_absent(*entry->value)) continue;
        key.read(reader, *entry->value, into);
        given.add(key.setting, entry->place);
    }
    return given;
}

/// A table row's function: reads the value by `read` into one member of the target.
template <auto member, auto read, class Target>
void field(Reader& reader, const Node& node, Target& into)
{
    read(reader, node, into.*member);
}

} // namespace pandora::procfiles
