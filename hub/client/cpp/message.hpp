// What passes between the protocol engine and its dialects: messages to others before they have the form of one
// dialect, and what a dialect has read. Plain values.
#pragma once

#include "hub/client/cpp/call.hpp"
#include "hub/client/cpp/owned_fd.hpp"
#include "hub/wire/frame.hpp"
#include "hub/wire/native.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace pandora::hub::client {

/// An event of an object.
struct Topic {
    std::string object;
    std::string event;
    auto operator<=>(const Topic&) const = default;
};

/// Whether a subscription to `pattern` hears of `event`: a name, or one that ends in `*` for all that begin alike.
bool matches(std::string_view pattern, std::string_view event);

/// JSON text, bytes, or (an empty text) nothing at all.
class Content {
public:
    Content() = default;

    Content(std::string json) : what_{std::move(json)} {} // NOLINT: text is content

    Content(Bytes bytes) : what_{std::move(bytes)} {} // NOLINT: likewise

    bool binary() const { return std::holds_alternative<Bytes>(what_); }

    std::string_view text() const
    {
        const auto* bytes = std::get_if<Bytes>(&what_);
        return bytes ? bytes->text() : std::string_view{std::get<std::string>(what_)};
    }

private:
    std::variant<std::string, Bytes> what_;
};

/// Invalid UTF-8 in strings is never refused: append_json().
Content content_of(const Json& value);

inline Content content_of(const Bytes& bytes) { return bytes; }

Content content_of(const Payload& payload);

/// The JSON text that both dialects write for a selector. Members that are empty are left out.
std::string text_of(const Selector& selector);

/// The bytes of a TRACE, and back; nullopt where there are not 25 of them.
std::string bytes_of(const Trace& trace);
std::optional<Trace> trace_of(std::string_view bytes);

/// Something for others that goes through the hub.
struct Message {
    wire::Verb verb = wire::Verb::invoke; // invoke, multi or event
    wire::Act act = wire::Act::call;
    bool wants_answer = false;
    Selector to;
    std::string name; // of the method, property or event
    Content content;
    std::uint8_t options = 0; // wire::option
    std::string sticky;
    std::optional<Trace> trace;
    std::uint16_t parts = 0; // how many answers may come before the last one

    bool in_frame = false; // not in a pool: who got it there could not read it

    /// What is asked of the hub itself instead: whether somebody is there, or a socket of their own.
    enum class Aim : std::uint8_t { others, presence, channel } aim = Aim::others;
};

/// One frame to be written: header, routing block (none in JSON frames), then the rest of the body.
struct OutFrame {
    std::uint8_t flags = 0;
    std::string head;
    Content body;
    std::shared_ptr<const OwnedFd> fd = nullptr; // that goes with its first byte
    std::optional<wire::SharedPlace> place = {}; // where its payload stands instead of in the body
    bool lacks_place = false;                    // it could stand in a pool, but they are full at the moment

    std::size_t body_bytes() const { return head.size() + body.text().size(); }
};

/// The message has to wait until its selector, which is too long for a frame, has a number.
struct NeedsNumber {};

using Encoded = std::variant<OutFrame, NeedsNumber, CallError>;

// ---- what was read

/// The answer to a JSON frame of ours; `package` is its `data`.
struct JsonAnswered {
    std::uint32_t packet = 0;
    Json package;
};

/// The answer to a native request, or with `more` one of several.
struct NativeAnswered {
    std::uint32_t packet = 0;
    wire::Status status = wire::Status::ok;
    bool more = false;
    std::uint32_t src = 0;     // the callee's handle
    std::uint32_t number = 0;  // of INTERN: the text's
    std::uint32_t channel = 0; // of OPEN_CHANNEL: the channel's
    OwnedFd socket;            // and its socket
    Outcome outcome;
};

/// What waits for a payload that this client cannot read ends with it.
CallError unreadable_error();

/// A frame whose JSON cannot be read: what waits for it, on whichever side, has failed.
struct Unreadable {
    std::optional<std::uint32_t> answers; // a request of ours
    std::optional<std::uint32_t> asks;    // the packet that somebody waits to be answered
    std::size_t bytes = 0;                // what the message costs of the window, where it is one
};

/// A request or message of somebody else.
struct Asked {
    std::uint32_t packet = 0;
    bool wants_answer = false;
    wire::Act act = wire::Act::call;
    std::string object;
    std::string tag;
    std::string name;
    Call call;
    Json raw;                // of Act::raw: the whole message
    Json caller;             // legacy: what the caller calls itself, to be repeated in the answer
    std::uint16_t parts = 0; // how many answers may be given before the last one
    bool pooled = false;     // they may stand in a pool
    std::size_t bytes = 0;   // of the frame's body: what it costs of the window
};

/// An event that somebody emitted, of the native dialect; in the legacy one it is a call of `<object>@subscriber`.
struct Happened {
    Topic topic;
    Json params;
    std::size_t bytes = 0;
};

struct EventsLost {
    Topic topic; // as it was subscribed to
    std::uint64_t count = 0;
};

struct Pinged {
    std::uint32_t packet = 0;
};

struct CancelAsked {
    std::uint32_t packet = 0;
};

struct PartsGranted {
    std::uint32_t packet = 0;
    std::uint32_t parts = 0;
};

/// The callee's end of a direct channel.
struct ChannelGiven {
    std::uint32_t number = 0;
    std::uint32_t src = 0; // the caller's handle
    OwnedFd socket;
};

struct ChannelGone {
    std::uint32_t number = 0;
};

struct GoAwayAsked {};

/// A place in a pool of ours is free again, or a pool is no more: what has waited for one is worth another try.
struct PlaceFreed {};

struct AnnounceAsked {};

/// A message that cannot be understood; the sender of a request is told.
struct Misunderstood {
    std::optional<std::uint32_t> asks;
    std::size_t bytes = 0;
};

struct Nothing {};

/// The peer has broken the framing: nothing that follows can be understood.
struct Broken {
    std::string what;
};

using Received = std::variant<Nothing, JsonAnswered, NativeAnswered, Unreadable, Asked, Happened, EventsLost, Pinged,
                              CancelAsked, PartsGranted, ChannelGiven, ChannelGone, GoAwayAsked, PlaceFreed,
                              AnnounceAsked, Misunderstood, Broken>;

} // namespace pandora::hub::client
