// The JSON bodies of the legacy dialect: their names, their shapes, and the total functions that read them.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::hub::client::envelope {

inline constexpr std::string_view online_up = "PANDORA_HUB_ACTION_ONLINE_UP";
inline constexpr std::string_view offline_up = "PANDORA_HUB_ACTION_OFFLINE_UP";
inline constexpr std::string_view publish_up = "PANDORA_HUB_ACTION_PUBLISH_UP";
inline constexpr std::string_view unpublish_up = "PANDORA_HUB_ACTION_UNPUBLISH_UP";
inline constexpr std::string_view msg_up = "PANDORA_HUB_ACTION_MSG_UP";
inline constexpr std::string_view msg_down = "PANDORA_HUB_ACTION_MSG_DOWN";

/// A hub that sends this asks its clients to announce themselves again.
inline constexpr std::string_view announce_again = "connect";

inline constexpr std::string_view invoke = "OBJECT_ACTION_INVOKE";
inline constexpr std::string_view introspect = "OBJECT_ACTION_INTROSPECT";
inline constexpr std::string_view get_property = "OBJECT_ACTION_GET_PROPERTY";
inline constexpr std::string_view subscribe = "OBJECT_ACTION_SUBSCRIBE";
inline constexpr std::string_view unsubscribe = "OBJECT_ACTION_UNSUBSCRIBE";
inline constexpr std::string_view echo = "echo";

/// The object under which a consumer receives the events of another.
inline constexpr std::string_view subscriber_suffix = "@subscriber";
inline constexpr std::string_view subscriber_method = "callback";

/// The text of one frame body. Invalid UTF-8 in strings is replaced, never refused: a worker's odd byte must not cost
/// the caller its answer.
std::string text(std::string_view action, const Json& data);

/// The action that answers the frame with packet id `id`.
std::string answer_action(std::uint32_t id);

/// The packet id that `action` answers; nullopt where it is no answer.
std::optional<std::uint32_t> answered_id(std::string_view action);

/// Adds to the `data` of a request of the hub who asks, and that an answer is wanted; last, as the npm client orders
/// them.
void finish(Json& data, const Json& host);

/// How a call ended, from the hub's or the callee's ReplyPackage. Total: any JSON has an outcome.
Outcome read_outcome(Json package);

/// The ReplyPackage that answers a call of `caller`. No `data` member where `result` is nullopt.
Json success_package(const Json& host, const Json& caller, std::optional<Json> result);
Json error_package(const Json& host, const Json& caller, const CallError& error);

/// A member of an object; nullptr where `value` is no object or has no such member.
const Json* member(const Json& value, const char* key);

/// A string member; empty where there is none.
std::string string_member(const Json& value, const char* key);

/// Truthy as JavaScript has it, since that is how npm clients and hubs read `success` and `needReply`.
bool truthy(const Json* value);

} // namespace pandora::hub::client::envelope
