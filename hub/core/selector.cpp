#include "hub/core/selector.hpp"

#include "hub/wire/json_reader.hpp"
#include "hub/wire/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pandora::hub::core {

namespace {

using Kind = MatchValue::Kind;

void set_number(double number, MatchValue& into)
{
    std::array<char, 32> digits; // the shortest form of a double takes at most 24
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    into.kind = Kind::number;
    into.text.assign(digits.data(), end);
}

void read_value(std::string_view raw, MatchValue& into)
{
    into.text.clear();
    into.kind = Kind::falsy;
    if (!wire::truthy(raw)) return;
    if (raw.front() == '"') {
        into.kind = Kind::string;
        wire::unescape(raw.substr(1, raw.size() - 2), into.text);
    } else if (raw == "true") {
        into.kind = Kind::true_value;
    } else if (const auto number = wire::number_of(raw)) {
        set_number(*number, into);
    } else {
        into.kind = Kind::unequal;
    }
}

MatchValue* value_named(std::string_view key, Selector& selector)
{
    static constexpr std::array<std::pair<std::string_view, Key>, key_count> names{{
        {"objectName", Key::object_name},
        {"clientId", Key::client_id},
        {"pid", Key::pid},
        {"processName", Key::process_name},
        {"appName", Key::app_name},
        {"tag", Key::tag},
    }};
    for (const auto& [name, value] : names)
        if (name == key) return &selector[value];
    return key == "objectTag" ? &selector.object_tag : nullptr;
}

void clear(Selector& selector)
{
    for (MatchValue& value : selector.values) read_value({}, value);
    read_value({}, selector.object_tag);
}

} // namespace

bool Selector::all_falsy() const
{
    return std::ranges::all_of(values, [](const MatchValue& value) { return value.kind == Kind::falsy; });
}

void parse_selector(std::string_view raw, Selector& into)
{
    clear(into);
    if (raw.empty() || raw.front() != '{') return;
    wire::JsonReader reader{raw};
    std::string unescaped;
    std::string_view key;
    reader.open_object();
    while (reader.next_key(key)) {
        MatchValue* value = value_named(wire::plain(key, unescaped), into);
        const std::string_view raw_value = reader.skip_value();
        if (value != nullptr) read_value(raw_value, *value);
    }
}

bool matches(const Selector& asked, const Selector& stored)
{
    for (std::size_t i = 0; i < key_count; ++i)
        if (!satisfies(asked.values[i], stored.values[i])) return false;
    return true;
}

std::string_view object_named(const Selector& selector)
{
    const MatchValue& name = selector[Key::object_name];
    return name.kind == Kind::string ? std::string_view{name.text} : std::string_view{};
}

std::string selector_of_object(std::string_view object)
{
    std::string selector{R"({"objectName":)"};
    wire::append_json_string(selector, object);
    return selector + "}";
}

} // namespace pandora::hub::core
