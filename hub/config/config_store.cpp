#include "hub/config/config_store.hpp"

#include "hub/config/limits.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace pandora::hub::config {

namespace {

template <class Map>
std::vector<std::string> keys_with(const Map& map, std::string_view prefix)
{
    std::vector<std::string> keys;
    for (auto it = map.lower_bound(prefix); it != map.end() && it->first.starts_with(prefix); ++it)
        keys.push_back(it->first);
    return keys;
}

bool same_json(const std::string& one, const std::string& other)
{
    if (one == other) return true;
    const auto parsed = [](const std::string& text) { return nlohmann::json::parse(text, nullptr, false); };
    const auto left = parsed(one);
    return !left.is_discarded() && left == parsed(other);
}

/// Of valid JSON: how many containers are inside each other.
std::size_t depth_of(std::string_view json)
{
    std::size_t depth = 0, deepest = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < json.size(); ++at) {
        const char c = json[at];
        if (c == '"')
            in_string = !in_string;
        else if (in_string && c == '\\')
            ++at;
        else if (!in_string && (c == '[' || c == '{'))
            deepest = std::max(deepest, ++depth);
        else if (!in_string && (c == ']' || c == '}'))
            --depth;
    }
    return deepest;
}

} // namespace

std::string describe(Refusal refusal)
{
    const auto at_most = [](const char* what, std::size_t limit, const char* unit) {
        return what + std::to_string(limit) + unit;
    };
    switch (refusal) {
    case Refusal::topic_empty: return "a topic has to have a name";
    case Refusal::topic_too_long: return at_most("a topic's name is at most ", topic_bytes_max, " bytes long");
    case Refusal::value_too_large: return at_most("a topic's value is at most ", value_bytes_max, " bytes of JSON");
    case Refusal::value_too_deep: return at_most("a topic's value is at most ", value_depth_max, " containers deep");
    case Refusal::too_many_topics: return at_most("at most ", topics_max, " topics may have a value");
    case Refusal::store_full: return at_most("all topics together hold at most ", total_bytes_max, " bytes");
    }
    return {};
}

const Entry* ConfigStore::get(std::string_view topic) const
{
    const auto found = entries_.find(topic);
    return found == entries_.end() ? nullptr : &found->second;
}

Outcome ConfigStore::set(std::string_view topic, Value value)
{
    assert(!value || value->find('\n') == std::string::npos);
    if (const auto refused = refusal(topic, value)) return *refused;
    if (!value && !get(topic)) return Unchanged{};
    Change change{Version{static_cast<std::uint64_t>(version_) + 1}, std::string{topic}, std::move(value)};
    apply(change);
    return change;
}

Outcome ConfigStore::compare_and_set(std::string_view topic, const Expected& expected, Value value)
{
    if (const auto refused = refusal(topic, value)) return *refused;
    const Entry* const present = get(topic);
    if (is_as(present, expected)) return set(topic, std::move(value));
    return present ? Conflict{present->version, present->value} : Conflict{};
}

bool ConfigStore::replay(Change change)
{
    if (refusal(change.topic, change.value)) return false;
    apply(change);
    return true;
}

void ConfigStore::advance_to(Version version) { version_ = std::max(version_, version); }

std::vector<std::string> ConfigStore::topics(std::string_view prefix) const { return keys_with(entries_, prefix); }

std::optional<Refusal> ConfigStore::refusal(std::string_view topic, const Value& value) const
{
    if (topic.empty()) return Refusal::topic_empty;
    if (topic.size() > topic_bytes_max) return Refusal::topic_too_long;
    if (!value) return std::nullopt;
    if (value->size() > value_bytes_max) return Refusal::value_too_large;
    if (depth_of(*value) > value_depth_max) return Refusal::value_too_deep;
    const Entry* const present = get(topic);
    if (!present && entries_.size() == topics_max) return Refusal::too_many_topics;
    const std::size_t released = present ? topic.size() + present->value.size() : 0;
    if (bytes_ - released + topic.size() + value->size() > total_bytes_max) return Refusal::store_full;
    return std::nullopt;
}

bool ConfigStore::is_as(const Entry* present, const Expected& expected) const
{
    if (const auto* version = std::get_if<Version>(&expected))
        return *version == (present ? present->version : Version{});
    const Value& value = std::get<Value>(expected);
    return present ? value && same_json(present->value, *value) : !value;
}

void ConfigStore::apply(const Change& change)
{
    advance_to(change.version);
    auto present = entries_.find(change.topic);
    if (present != entries_.end()) bytes_ -= change.topic.size() + present->second.value.size();
    if (!change.value) {
        if (present != entries_.end()) entries_.erase(present);
        return;
    }
    bytes_ += change.topic.size() + change.value->size();
    entries_.insert_or_assign(change.topic, Entry{change.version, *change.value});
}

} // namespace pandora::hub::config
