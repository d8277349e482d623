// Reads typed values out of a YAML document by tables of keys, and collects what is wrong with them.
#pragma once

#include "procfiles/document.hpp"
#include "procfiles/load_context.hpp"
#include "procfiles/problem.hpp"
#include "procfiles/scope.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pandora::procfiles {

/// Whose file it is that is read. process-compose's may hold keys that nobody knows, and has its defaults.
enum class Dialect : std::uint8_t { own, compose };

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

/// Who may write a key: everyone, or only files of process-compose, where it is known and means nothing.
enum class Audience : std::uint8_t { everyone, compose };

/// One row of a key table: how to read the value of `name` into a `Target`.
template <class Target>
struct Key {
    std::string_view name;
    void (*read)(class Reader&, const Node&, Target&);
    std::string_view setting = name;
    Audience audience = Audience::everyone;
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

/// The known key that somebody means who writes `key`, by the hints or as the nearest; empty where there is none.
std::string_view meant_key(std::string_view key, std::span<const KeyName> known, std::span<const Hint> hints);

/// One reading of one tree. Every function that finds a value wrong adds a problem and leaves the target as
/// it was. References that it is given must outlive it.
class Reader {
public:
    Reader(const LoadContext& context, Scope& scope, Dialect dialect, std::vector<Problem>& problems)
        : context_{context}, scope_{scope}, dialect_{dialect}, problems_{problems}
    {}

    const LoadContext& context() const { return context_; }

    /// What the names in texts stand for where it reads now.
    Scope& scope() { return scope_; }

    bool is_compose() const { return dialect_ == Dialect::compose; }

    std::size_t problem_count() const { return problems_.size(); }

    void problem(Place place, std::string message) { problems_.push_back({place, std::move(message)}); }

    void warning(Place place, std::string message)
    {
        problems_.push_back({place, std::move(message), Severity::warning});
    }

    /// What an author of process-compose files never notices, and would want to know of in a file for pandora.
    void lapse(Place place, std::string message)
    {
        is_compose() ? warning(place, std::move(message)) : problem(place, std::move(message));
    }

    /// "expected WHAT, found ...", and which variable in it is not set.
    void expected(const Node& node, std::string_view what);

    /// " (`NAME` is not set, or empty)", or nothing where the value has no such variable: the end of a message.
    std::string unset_variable(const Node& node) const;

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
    /// user's own. Gives back the entries not to be read: where maps were merged, the upper one's spelling of a
    /// setting replaces the lower one's.
    std::vector<const Entry*> check_keys(const Map& map, std::span<const KeyName> known, std::span<const Hint> hints);

private:
    const LoadContext& context_;
    Scope& scope_;
    Dialect dialect_;
    std::vector<Problem>& problems_;
};

template <class Target>
std::vector<KeyName> names_of(std::span<const Key<Target>> keys, bool compose)
{
    std::vector<KeyName> names;
    for (const auto& key : keys)
        if (compose || key.audience == Audience::everyone) names.push_back({key.name, key.setting});
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
    const auto replaced = reader.check_keys(*map, names_of<Target>(keys, reader.is_compose()), hints);
    for (const auto& key : keys) {
        if (key.audience == Audience::compose && !reader.is_compose()) continue;
        const Entry* entry = map->find(key.name);
        if (entry == nullptr || reader.is_absent(*entry->value)) continue;
        if (std::find(replaced.begin(), replaced.end(), entry) != replaced.end()) continue;
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

/// As field(), for a member of a member.
template <auto outer, auto member, auto read, class Target>
void nested(Reader& reader, const Node& node, Target& into)
{
    read(reader, node, into.*outer.*member);
}

} // namespace pandora::procfiles
