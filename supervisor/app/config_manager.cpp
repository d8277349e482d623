#include "supervisor/app/config_manager.hpp"

#include "supervisor/app/config_verbs.hpp"

#include <utility>
#include <variant>

namespace pandora::supervisor::app {

namespace {

using hub::client::Call;
using hub::client::CallError;
using hub::client::Json;
using hub::client::Reply;

void give(const Reply& reply, hub::client::Outcome outcome)
{
    if (auto* error = std::get_if<CallError>(&outcome))
        reply.error(std::move(error->message), std::move(error->name));
    else
        reply.value(std::get<Json>(std::move(outcome)));
}

} // namespace

ConfigManager::ConfigManager(hub::client::Client& client, hub::config::ConfigStore initial, OnChange on_change,
                             Listened listened)
    : client_{client}, store_{std::move(initial)}, on_change_{std::move(on_change)}, listened_{std::move(listened)}
{
    hub::client::Methods methods;
    for (const ConfigVerb& verb : config_verbs())
        methods[verb.name] = [this, perform = verb.perform](const Call& call, const Reply& reply) {
            auto [outcome, change] = perform(store_, call.params);
            if (change) tell(*change);
            give(reply, std::move(outcome)); // after the event: who changes a topic it listens to hears of it first
        };
    methods["getAllSubscribedTopics"] = [this](const Call& call, const Reply& reply) {
        give(reply, list_with_prefix(listened_(), call.params));
    };
    client_.publish(config_object_name, std::move(methods));
    for (const auto& [topic, entry] : store_.entries()) emit(topic, entry.value);
}

/// All that this object says goes over one connection in one order, so whoever has subscribed and then asks for the
/// value is told each newer one after it, and misses none.
void ConfigManager::tell(const hub::config::Change& change)
{
    if (on_change_) on_change_(change, store_);
    emit(change.topic, change.value);
}

void ConfigManager::emit(const std::string& topic, const hub::config::Value& value)
{
    client_.emit(config_object_name, topic, Json::array({to_json(value)}), value.has_value());
    if (!value) client_.clear_retained(config_object_name, topic);
}

} // namespace pandora::supervisor::app
