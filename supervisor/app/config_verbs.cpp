#include "supervisor/app/config_verbs.hpp"

#include "hub/client/cpp/body_reader.hpp"
#include "hub/client/cpp/json_text.hpp"
#include "hub/config/limits.hpp"
#include "supervisor/core/overloaded.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pandora::supervisor::app {

namespace {

using core::Overloaded;
using hub::client::CallError;
using hub::client::Json;
using hub::client::json_text;
using hub::config::Change;
using hub::config::ConfigStore;
using hub::config::Conflict;
using hub::config::Expected;
using hub::config::Refusal;
using hub::config::Unchanged;
using hub::config::Value;
using hub::config::Version;

/// All values at once may be as long as the longest of them: more would hold up the hub while it is made, and topics
/// can be asked for one by one.
constexpr std::size_t all_bytes_max = hub::config::value_bytes_max;

/// Of all values in one object.
constexpr std::size_t nesting_max = hub::config::value_depth_max + 1;

constexpr const char* type_error = "TypeError";

const Json& parameter(const Json& params, std::size_t at)
{
    static const Json absent;
    return at < params.size() ? params[at] : absent;
}

/// As JavaScript has it: to npm's methods such a parameter is an absent one.
bool is_falsy(const Json& value)
{
    return value.is_null() || value == Json(false) || value == Json(0) || value == Json("");
}

const std::string* text_in(const Json& value) { return value.get_ptr<const std::string*>(); }

Value value_from(const Json& value) { return value.is_null() ? Value{} : Value{json_text(value)}; }

Json number(Version version) { return static_cast<std::uint64_t>(version); }

ConfigAnswer wrong(const char* usage) { return {CallError{type_error, usage}, {}}; }

ConfigAnswer refused(Refusal refusal)
{
    return {CallError{refusal == Refusal::topic_empty ? type_error : "PandoraTooLargeError", describe(refusal)}, {}};
}

/// Whatever a client can store can be read; a journal that somebody has written by hand may hold more.
Json parsed(std::string_view text) { return hub::client::read_body(text, nesting_max).value_or(Json{}); }

/// A version, or an object with one, as get() answers it; else an object with the value that is expected.
std::optional<Expected> expected_from(const Json& asked)
{
    if (asked.is_number_unsigned()) return Version{asked.get<std::uint64_t>()};
    if (!asked.is_object()) return std::nullopt;
    const auto version = asked.find("version");
    if (version != asked.end() && version->is_number_unsigned()) return Version{version->get<std::uint64_t>()};
    const auto value = asked.find("value");
    if (version != asked.end() || value == asked.end()) return std::nullopt;
    return value_from(*value);
}

ConfigAnswer all_of(const ConfigStore& store)
{
    if (store.bytes() > all_bytes_max)
        return {CallError{"PandoraTooLargeError", "all topics together are longer than " +
                                                      std::to_string(all_bytes_max) + " bytes: ask for them by name"},
                {}};
    std::string text = "{";
    for (const auto& [topic, entry] : store.entries())
        text += (text.size() > 1 ? "," : "") + json_text(topic) + ':' + entry.value;
    return {parsed(text + '}'), {}};
}

ConfigAnswer get_config(ConfigStore& store, const Json& params)
{
    const Json& asked = parameter(params, 0);
    if (is_falsy(asked)) return all_of(store);
    const std::string* const topic = text_in(asked);
    if (!topic) return wrong("getConfig takes a topic's name, or nothing");
    const auto* entry = store.get(*topic);
    return {entry ? parsed(entry->value) : Json{}, {}};
}

ConfigAnswer get(ConfigStore& store, const Json& params)
{
    const std::string* const topic = text_in(parameter(params, 0));
    if (!topic) return wrong("get takes a topic's name");
    const auto* entry = store.get(*topic);
    if (!entry) return {Json{{"value", nullptr}, {"version", 0}}, {}};
    return {Json{{"value", parsed(entry->value)}, {"version", number(entry->version)}}, {}};
}

ConfigAnswer publish(ConfigStore& store, const Json& params)
{
    const std::string* const topic = text_in(parameter(params, 0));
    if (!topic) return wrong("publish takes a topic's name and a value");
    const auto outcome = store.set(*topic, value_from(parameter(params, 1)));
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) return refused(*refusal);
    const auto* change = std::get_if<Change>(&outcome);
    return {Json{}, change ? std::optional{*change} : std::nullopt};
}

ConfigAnswer remove(ConfigStore& store, const Json& params)
{
    const std::string* const topic = text_in(parameter(params, 0));
    if (!topic) return wrong("delete takes a topic's name");
    const auto outcome = store.set(*topic, std::nullopt);
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) return refused(*refusal);
    const auto* change = std::get_if<Change>(&outcome);
    return {Json(change != nullptr), change ? std::optional{*change} : std::nullopt};
}

ConfigAnswer compare_and_set(ConfigStore& store, const Json& params)
{
    const std::string* const topic = text_in(parameter(params, 0));
    const auto expected = expected_from(parameter(params, 1));
    if (!topic || !expected) return wrong("compareAndSet takes a topic's name, {version} or {value}, and a value");
    auto outcome = store.compare_and_set(*topic, *expected, value_from(parameter(params, 2)));
    return std::visit(
        Overloaded{
            [](Change& change) -> ConfigAnswer {
                // A topic without a value has the version 0, and this is what to expect of it the next time.
                const Version version = change.value ? change.version : Version{};
                return {Json{{"ok", true}, {"version", number(version)}}, std::move(change)};
            },
            [](Unchanged&) -> ConfigAnswer {
                return {Json{{"ok", true}, {"version", 0}}, {}};
            },
            [](Conflict& found) -> ConfigAnswer {
                return {Json{{"ok", false}, {"value", to_json(found.value)}, {"version", number(found.version)}}, {}};
            },
            [](Refusal& refusal) -> ConfigAnswer { return refused(refusal); },
        },
        outcome);
}

ConfigAnswer get_all_topics(ConfigStore& store, const Json& params)
{
    return {list_with_prefix(store.topics(""), params), {}};
}

constexpr ConfigVerb verbs[] = {
    {"getConfig", get_config},          {"publish", publish}, {"getAllTopics", get_all_topics}, {"get", get},
    {"compareAndSet", compare_and_set}, {"delete", remove},
};

} // namespace

std::span<const ConfigVerb> config_verbs() { return verbs; }

hub::client::Outcome list_with_prefix(std::vector<std::string> names, const Json& params)
{
    const Json& asked = parameter(params, 0);
    const std::string* const prefix = text_in(asked);
    if (!prefix && !is_falsy(asked))
        return CallError{type_error, "takes the beginning of the topics' names, or nothing"};
    if (prefix) std::erase_if(names, [&](const std::string& name) { return !name.starts_with(*prefix); });
    return Json(std::move(names));
}

hub::client::Json to_json(const Value& value) { return value ? parsed(*value) : Json{}; }

} // namespace pandora::supervisor::app
