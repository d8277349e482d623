// What a call carries and how it ends: the plain values that the protocol engine and the client's users
// share.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <variant>

namespace pandora::hub::client {

/// Keeps the order of an object's members, so that what a peer wrote is shown and passed on as it wrote it.
using Json = nlohmann::ordered_json;

/// Why a call did not return a value. `name` is the error's name on the wire where it has one, else "Error".
/// Names this library itself gives: MessengerRequestTimeoutError (no answer within the timeout),
/// PandoraConnectionLostError (the hub went away, or this client was stopped), no_route (nobody publishes the
/// object), busy (too much is queued), too_large (the frame is over the limit), PandoraMalformedFrameError (the answer,
/// or the callee's copy of the call, is JSON that this library cannot read: a number beyond double, say).
struct CallError {
    std::string name;
    std::string message;
    bool operator==(const CallError&) const = default;
};

using Outcome = std::variant<Json, CallError>;

/// One call to an object published here. `source` is who calls, as the hub verified it (never as the caller
/// says): members client, app, process, instance, pid, uid; an empty object where the hub does not tell.
struct Call {
    Json params = Json::array();
    Json source = Json::object();
};

} // namespace pandora::hub::client
