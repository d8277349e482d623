// What each method of `__PANDORA_HUB_CONFIG_MANAGER` makes of its parameters. Pure. hub/PROTOCOL.md, section 6, says
// what they are; those that npm `pandora-hub` has as well take and give what they do there.
#pragma once

#include "hub/client/cpp/call.hpp"
#include "hub/config/config_store.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pandora::supervisor::app {

struct ConfigAnswer {
    hub::client::Outcome outcome;
    std::optional<hub::config::Change> change; // what the call has done to the store
};

struct ConfigVerb {
    const char* name;
    ConfigAnswer (*perform)(hub::config::ConfigStore& store, const hub::client::Json& params);
};

std::span<const ConfigVerb> config_verbs();

/// Those of the names that begin as the only parameter says; all, where there is none.
hub::client::Outcome list_with_prefix(std::vector<std::string> names, const hub::client::Json& params);

/// The JSON that a value's text stands for.
hub::client::Json to_json(const hub::config::Value& value);

} // namespace pandora::supervisor::app
