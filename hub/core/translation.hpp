// Messages and answers of one dialect in the words of the other (PROTOCOL.md 9.10). Pure functions.
#pragma once

#include "hub/core/message.hpp"
#include "hub/wire/native.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pandora::hub::core {

/// What the legacy dialect calls the consumer's side of a subscription: `<object>@subscriber`.
inline constexpr std::string_view subscriber_suffix = "@subscriber";

/// What a legacy message's `action`, without quotes and escapes, asks; raw: something of the application's own.
wire::Act act_named(std::string_view action);

/// The `data` of the MSG_DOWN that tells a native message to a legacy client. `host`: the sender's location, as JSON,
/// or empty. The payload must be valid JSON or empty.
std::string legacy_data(const Message& message, std::string_view host);

/// Whether the payload of a native message can stand in a legacy one: it is JSON, and an object where it is a whole
/// message.
bool has_legacy_form(const Message& message);

/// A native frame's TLVs and payload.
struct NativeTail {
    wire::RoutingBlock block;
    std::string tlvs;
    std::string_view payload;
};

/// A legacy message for a native client; `selector` and `method` are the numbers to use, 0 where the text is to be in
/// the frame. nullopt: the texts are too long for that.
std::optional<NativeTail> native_tail(const Message& message, NameNumber selector, NameNumber method);

/// The Reply that tells a native client's answer to a legacy one: {"host"?,"remote"?,"success",...}. `error_or_data`
/// is the payload; it must be valid JSON or empty.
std::string legacy_reply(const Answer& answer, std::string_view host, std::string_view remote);

/// The event of a native client as the `data` of a message to `<object>@subscriber`.
std::string legacy_event(std::string_view object, std::string_view tag, std::string_view event, std::string_view params,
                         std::string_view host);

/// The event and the parameters of such a message, given its inner `data`; nullopt: it is none.
struct LegacyEvent {
    std::string_view event; // raw
    std::string_view params;
};

std::optional<LegacyEvent> read_legacy_event(std::string_view payload);

} // namespace pandora::hub::core
