#include "procfiles/reader.hpp"

#include "procfiles/limits.hpp"
#include "procfiles/quote.hpp"
#include "procfiles/suggest.hpp"

#include <type_traits>
#include <utility>

namespace pandora::procfiles {

void Reader::expected(const Node& node, std::string_view what)
{
    const auto describe = [this](const auto& content) -> std::string {
        using Content = std::decay_t<decltype(content)>;
        if constexpr (std::is_same_v<Content, Nothing>) return "nothing";
        if constexpr (std::is_same_v<Content, List>) return "a list";
        if constexpr (std::is_same_v<Content, Map>) return "a map";
        if constexpr (std::is_same_v<Content, Scalar>) return quote(scope_.expanded(content.text).text);
    };
    problem(node.place,
            "expected " + std::string{what} + ", found " + std::visit(describe, node.content) + unset_variable(node));
}

std::string Reader::unset_variable(const Node& node) const
{
    const auto* scalar = std::get_if<Scalar>(&node.content);
    const auto name = scalar == nullptr ? "" : scope_.first_unset(scalar->text);
    return name.empty() ? "" : " (" + quote(name) + " is not set, or empty)";
}

bool Reader::is_absent(const Node& node) const
{
    if (std::holds_alternative<Nothing>(node.content)) return true;
    const auto* scalar = std::get_if<Scalar>(&node.content);
    return scalar != nullptr && scalar->plain && scope_.expanded(scalar->text).text.empty();
}

std::optional<std::string> Reader::text(const Node& node, std::string_view what)
{
    const auto* scalar = std::get_if<Scalar>(&node.content);
    if (scalar == nullptr) {
        expected(node, what);
        return std::nullopt;
    }
    auto [text, fault, per_replica] = scope_.expanded(scalar->text);
    if (!fault.empty())
        lapse(node.place, "template " + quote(text) + ": " + fault +
                              "; `is_template_disabled: true` leaves a process' texts as they are");
    if (per_replica) scope_.note_per_replica();
    if (text.find('\0') != std::string::npos)
        problem(node.place, "a NUL character, which no program can be given");
    else if (text.size() > text_bytes_max)
        problem(node.place, "text of " + std::to_string(text.size()) + " bytes; a program can be given at most " +
                                std::to_string(text_bytes_max));
    else
        return text;
    return std::nullopt;
}

const Map* Reader::map(const Node& node, std::string_view what)
{
    const auto* map = std::get_if<Map>(&node.content);
    if (map == nullptr && !is_absent(node)) expected(node, what);
    return map;
}

const List* Reader::list(const Node& node, std::string_view what)
{
    const auto* list = std::get_if<List>(&node.content);
    if (list == nullptr && !is_absent(node)) expected(node, what);
    return list;
}

std::string_view meant_key(std::string_view key, std::span<const KeyName> known, std::span<const Hint> hints)
{
    const auto hint = std::find_if(hints.begin(), hints.end(), [&](const Hint& h) { return h.word == key; });
    if (hint != hints.end()) return hint->meant;
    std::vector<std::string_view> names;
    for (const KeyName& name : known) names.push_back(name.name);
    return nearest(key, names);
}

std::vector<const Entry*> Reader::check_keys(const Map& map, std::span<const KeyName> known,
                                             std::span<const Hint> hints)
{
    struct Seen {
        KeyName key;
        const Entry* entry;
    };

    std::vector<Seen> seen;
    std::vector<const Entry*> replaced;
    for (const Entry& entry : map.entries) {
        if (entry.key.starts_with("x-")) continue;
        const auto key =
            std::find_if(known.begin(), known.end(), [&](const KeyName& k) { return k.name == entry.key; });
        if (key == known.end()) {
            lapse(entry.place, "unknown key " + quote(entry.key) + did_you_mean(meant_key(entry.key, known, hints)));
            continue;
        }
        const auto other =
            std::find_if(seen.begin(), seen.end(), [&](const Seen& s) { return s.key.setting == key->setting; });
        if (other != seen.end() && other->entry->layer == entry.layer)
            problem(entry.place, quote(entry.key) + " and " + quote(other->key.name) + " (line " +
                                     std::to_string(other->entry->place.line) + ") are the same setting");
        else if (other != seen.end())
            replaced.push_back(other->entry->layer < entry.layer ? other->entry : &entry);
        seen.push_back({*key, &entry});
    }
    return replaced;
}

} // namespace pandora::procfiles
