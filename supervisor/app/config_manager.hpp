// The hub's object `__PANDORA_HUB_CONFIG_MANAGER`: configuration by topic, as npm `pandora-hub` has it, with versions
// and compare-and-set. hub/PROTOCOL.md, section 6, describes it; config_verbs does what its methods say.
#pragma once

#include "hub/client/cpp/client.hpp"
#include "hub/config/config_store.hpp"

#include <functional>
#include <string>
#include <vector>

namespace pandora::supervisor::app {

/// The name by which clients find it; Pandora.js'.
inline constexpr const char* config_object_name = "__PANDORA_HUB_CONFIG_MANAGER";

/// Lives on the client's loop.
class ConfigManager {
public:
    /// Runs after each change, before anybody hears of it; must not throw. The references are good for the call.
    using OnChange = std::function<void(const hub::config::Change& change, const hub::config::ConfigStore& store)>;

    /// The topics that somebody has subscribed to: the hub knows.
    using Listened = std::function<std::vector<std::string>()>;

    /// Publishes itself on `client`, before its start(); no callback of the client may run once this is gone.
    /// `initial`: what was kept of an earlier life. `on_change` may be empty.
    ConfigManager(hub::client::Client& client, hub::config::ConfigStore initial, OnChange on_change, Listened listened);
    ConfigManager(const ConfigManager&) = delete;
    ConfigManager& operator=(const ConfigManager&) = delete;

private:
    void tell(const hub::config::Change& change);
    void emit(const std::string& topic, const hub::config::Value& value);

    hub::client::Client& client_;
    hub::config::ConfigStore store_;
    OnChange on_change_;
    Listened listened_;
};

} // namespace pandora::supervisor::app
