// The JSON bodies of the legacy dialect: what the hub reads of one, and the bodies it writes.
//
// Reading is one validating pass (json_reader.hpp) that keeps raw slices; writing re-wraps such slices, so
// that what a client put into `data` reaches the other client byte by byte. Members of the envelope other
// than `action` and `data` are not forwarded, so that nobody can forge the hub's own.
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace pandora::hub::wire {

enum class LegacyAction : std::uint8_t { online, offline, publish, unpublish, message, reply, unknown };

/// One body as far as the hub needs it. Every view is raw JSON inside the body (empty = absent) and lives as
/// long.
struct LegacyBody {
    LegacyAction action = LegacyAction::unknown;
    std::uint32_t answers = 0; // a reply's N of "response_callback_N"
    std::string_view data;

    // Members of `data`, where that is an object. Of members that come twice the last one counts, as in
    // JavaScript.
    std::string_view remote, host, payload, timeout, broadcast, need_reply; // `payload` is the inner `data`
    std::string_view asked, property, event; // of a message: its `action`, `propertyName`, `register`
    std::string_view idempotent, wait, sticky, trace;
    std::string_view success, error; // of a reply
    std::string_view stamp, native;  // of ONLINE_UP

    bool data_is_object() const { return !data.empty() && data.front() == '{'; }
};

/// Not JSON, not UTF-8, or nested deeper than json_depth_max.
struct Malformed {
    bool operator==(const Malformed&) const = default;
};

/// Well-formed, but no object with a string `action`. The npm hub ignores such a body, and so do we.
struct NoEnvelope {
    bool operator==(const NoEnvelope&) const = default;
};

std::variant<LegacyBody, Malformed, NoEnvelope> parse_legacy(std::string_view body);

/// Whether `text` is one JSON value in UTF-8, not nested too deep: fit to stand in what the hub sends to others.
bool is_json(std::string_view text);

/// Whether `text` is UTF-8: fit to stand in a JSON string.
bool is_text(std::string_view text);

/// `data.data.selector` of a PUBLISH or UNPUBLISH, given its `data.data`; empty where there is none.
std::string_view selector_of(std::string_view payload);

/// A body in pieces, which are written one after the other. The pieces are borrowed.
class BodyPieces {
public:
    std::span<const std::string_view> pieces() const { return {pieces_.data(), count_}; }

    std::size_t bytes() const;

    void add(std::string_view piece) { pieces_[count_++] = piece; }

private:
    std::array<std::string_view, 6> pieces_;
    std::size_t count_ = 0;
};

/// {"action":"PANDORA_HUB_ACTION_MSG_DOWN","source":<source>,"data":<data>}; without the member where `source` is
/// empty.
BodyPieces message_down(std::string_view source, std::string_view data);

/// The decimal digits of a packet id, kept where a BodyPieces can borrow them.
class PacketDigits {
public:
    explicit PacketDigits(std::uint32_t id)
    {
        count_ =
            static_cast<std::size_t>(std::to_chars(text_.data(), text_.data() + text_.size(), id).ptr - text_.data());
    }

    std::string_view view() const { return {text_.data(), count_}; }

private:
    std::array<char, 10> text_;
    std::size_t count_;
};

/// {"action":"response_callback_<id>","data":<data>}; without the member where `data` is empty.
BodyPieces response(const PacketDigits& id, std::string_view data);

inline constexpr std::string_view success_reply = R"({"success":true})";

/// An error as a client of Pandora.js expects it: {"stack":"<name>: <message>","message":...,"name":...}.
/// An empty name is that of a plain Error, which JavaScript does not write: then the member is left out.
void append_error(std::string& out, std::string_view name, std::string_view message);

/// {"success":false,"error":<error>}, with `,"remote":<remote>` in it where `remote` is not empty.
std::string failure_reply(std::string_view name, std::string_view message, std::string_view remote = {});

} // namespace pandora::hub::wire
