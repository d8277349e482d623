// What the hub knows of itself, as the JSON that its object `pandora.hub` answers (hub/PROTOCOL.md, section 6).
#pragma once

#include "hub/client/cpp/call.hpp"
#include "hub/hub.hpp"

namespace pandora::supervisor::app {

hub::client::Json to_json(const hub::Route& route);
hub::client::Json to_json(const hub::ClientInfo& client);
hub::client::Json to_json(const hub::ChannelInfo& channel);
hub::client::Json to_json(const hub::CutInfo& cut);
hub::client::Json to_json(const hub::Stats& stats);

/// A record of the event `traffic`, with its payload where it has one. Whatever bytes clients have sent, this is text.
hub::client::Json to_json(const hub::TapRecord& record);

} // namespace pandora::supervisor::app
