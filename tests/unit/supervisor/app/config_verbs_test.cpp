#include "hub/config/limits.hpp"
#include "supervisor/app/config_verbs.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

namespace pandora::supervisor::app {
namespace {

using hub::client::CallError;
using hub::client::Json;
using hub::config::ConfigStore;
using hub::config::Value;
using hub::config::Version;

ConfigAnswer perform(ConfigStore& store, std::string_view name, const char* params)
{
    for (const ConfigVerb& verb : config_verbs())
        if (verb.name == name) return verb.perform(store, Json::parse(params));
    ADD_FAILURE() << "no method " << name;
    return {Json{}, {}};
}

/// What is answered, as compact JSON, or "NAME: message"; with " !" where the store has changed.
std::string answer(ConfigStore& store, std::string_view name, const char* params)
{
    const auto [outcome, change] = perform(store, name, params);
    const auto* error = std::get_if<CallError>(&outcome);
    const std::string said = error ? error->name + ": " + error->message : std::get<Json>(outcome).dump();
    return said + (change ? " !" : "");
}

ConfigStore filled()
{
    ConfigStore store;
    store.set("web.port", "80");
    store.set("web.host", R"("here")");
    store.set("odd\"", R"({"b":[1.5,null],"a":false})");
    return store;
}

TEST(ConfigVerbs, ListThoseThatBeginAsAsked)
{
    const std::vector<std::string> names{"db", "web.port"};
    EXPECT_EQ(std::get<Json>(list_with_prefix(names, Json::array())), Json({"db", "web.port"}));
    EXPECT_EQ(std::get<Json>(list_with_prefix(names, Json::array({"we"}))), Json({"web.port"}));
    EXPECT_EQ(std::get<Json>(list_with_prefix(names, Json::array({nullptr}))).size(), 2U);
    EXPECT_TRUE(std::holds_alternative<CallError>(list_with_prefix(names, Json::array({1}))));
}

TEST(ConfigVerbs, AnswerAsTheyShould)
{
    struct Row {
        const char* verb;
        const char* params;
        const char* want;
    };

    const Row rows[] = {
        {"getConfig", R"(["web.port"])", "80"},
        {"getConfig", R"(["odd\""])", R"({"b":[1.5,null],"a":false})"},
        {"getConfig", R"(["none"])", "null"},
        {"getConfig", "[]", R"({"odd\"":{"b":[1.5,null],"a":false},"web.host":"here","web.port":80})"},
        {"getConfig", R"([""])", R"({"odd\"":{"b":[1.5,null],"a":false},"web.host":"here","web.port":80})"},
        {"getConfig", "[true]", "TypeError: getConfig takes a topic's name, or nothing"},
        {"get", R"(["web.port"])", R"({"value":80,"version":1})"},
        {"get", R"(["none"])", R"({"value":null,"version":0})"},
        {"get", "[]", "TypeError: get takes a topic's name"},
        {"publish", R"(["web.port",{"z":1,"a":2}])", "null !"},
        {"publish", R"(["web.port"])", "null !"},
        {"publish", R"(["web.port",null])", "null !"},
        {"publish", R"(["none",null])", "null"},
        {"publish", R"(["",1])", "TypeError: a topic has to have a name"},
        {"publish", R"([1,1])", "TypeError: publish takes a topic's name and a value"},
        {"delete", R"(["web.port"])", "true !"},
        {"delete", R"(["none"])", "false"},
        {"delete", R"([""])", "TypeError: a topic has to have a name"},
        {"delete", "[]", "TypeError: delete takes a topic's name"},
        {"getAllTopics", "[]", R"(["odd\"","web.host","web.port"])"},
        {"getAllTopics", R"(["web."])", R"(["web.host","web.port"])"},
        {"getAllTopics", R"([null])", R"(["odd\"","web.host","web.port"])"},
        {"getAllTopics", R"([["web"]])", "TypeError: takes the beginning of the topics' names, or nothing"},
        {"compareAndSet", R"(["web.port",1,81])", R"({"ok":true,"version":4} !)"},
        {"compareAndSet", R"(["web.port",{"version":1},81])", R"({"ok":true,"version":4} !)"},
        {"compareAndSet", R"(["web.port",{"value":80,"version":1},81])", R"({"ok":true,"version":4} !)"},
        {"compareAndSet", R"(["web.port",{"value":80,"version":2},81])", R"({"ok":false,"value":80,"version":1})"},
        {"compareAndSet", R"(["web.port",{"value":80.0},81])", R"({"ok":true,"version":4} !)"},
        {"compareAndSet", R"(["web.port",{"value":"80"},81])", R"({"ok":false,"value":80,"version":1})"},
        {"compareAndSet", R"(["web.port",{"value":80}])", R"({"ok":true,"version":0} !)"},
        {"compareAndSet", R"(["none",{"value":null},1])", R"({"ok":true,"version":4} !)"},
        {"compareAndSet", R"(["none",0,null])", R"({"ok":true,"version":0})"},
        {"compareAndSet", R"(["none",7,1])", R"({"ok":false,"value":null,"version":0})"},
        {"compareAndSet", R"(["web.port",{"value":80,"version":"1"},81])",
         "TypeError: compareAndSet takes a topic's name, {version} or {value}, and a value"},
        {"compareAndSet", R"(["web.port",1.5,81])",
         "TypeError: compareAndSet takes a topic's name, {version} or {value}, and a value"},
        {"compareAndSet", R"([1,1,1])",
         "TypeError: compareAndSet takes a topic's name, {version} or {value}, and a value"},
    };
    for (const auto& [verb, params, want] : rows) {
        ConfigStore store = filled();
        EXPECT_EQ(answer(store, verb, params), want) << verb << params;
    }
}

TEST(ConfigVerbs, TellTheChangeThatTheyHaveMade)
{
    ConfigStore store = filled();
    const auto published = perform(store, "publish", R"(["new",{"z":[1],"a":"é"}])");
    EXPECT_EQ(published.change, (hub::config::Change{Version{4}, "new", R"({"z":[1],"a":"é"})"}));
    EXPECT_EQ(*store.get("new"), (hub::config::Entry{Version{4}, R"({"z":[1],"a":"é"})"}));
    const auto removed = perform(store, "delete", R"(["new"])");
    EXPECT_EQ(removed.change, (hub::config::Change{Version{5}, "new", std::nullopt}));
}

TEST(ConfigVerbs, TheFalsyValuesOfJavaScriptButNullAreValues)
{
    for (const char* value : {"0", "false", "\"\"", "[]"}) {
        ConfigStore store;
        perform(store, "publish", (R"(["t",)" + std::string{value} + "]").c_str());
        EXPECT_EQ(answer(store, "getConfig", R"(["t"])"), value);
    }
}

TEST(ConfigVerbs, AllTopicsAtOnceAreAtMostAsLongAsTheLongestValue)
{
    ConfigStore store;
    store.set("t", '"' + std::string(hub::config::value_bytes_max - 3, 'x') + '"');
    EXPECT_TRUE(std::holds_alternative<Json>(perform(store, "getConfig", "[]").outcome));
    store.set("u", "1");
    EXPECT_EQ(answer(store, "getConfig", "[]"),
              "PandoraTooLargeError: all topics together are longer than 1048576 bytes: ask for them by name");
    EXPECT_EQ(answer(store, "getConfig", R"(["u"])"), "1");
}

TEST(ConfigVerbs, RefuseWhatTheStoreRefuses)
{
    ConfigStore store;
    const std::string params = R"(["t",")" + std::string(hub::config::value_bytes_max, 'x') + "\"]";
    EXPECT_EQ(answer(store, "publish", params.c_str()),
              "PandoraTooLargeError: a topic's value is at most 1048576 bytes of JSON");
    EXPECT_TRUE(store.entries().empty());
}

} // namespace
} // namespace pandora::supervisor::app
