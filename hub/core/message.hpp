// One request or one-way message as the router sees it, whichever dialect it came in. Pure values; every view is of
// the frame or of the router's scratch, and lives as long as the message is being routed.
#pragma once

#include "hub/core/calls.hpp"
#include "hub/core/counters.hpp"
#include "hub/core/fd.hpp"
#include "hub/core/targets.hpp"
#include "hub/wire/legacy_json.hpp"
#include "hub/wire/native.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace pandora::hub::core {

/// A frame's body, read in the dialect of its sender.
using Form = std::variant<const wire::LegacyBody*, const wire::NativeBody*>;

/// What came in, whatever it turns out to be.
struct FromFrame {
    PeerId from{};
    TimePoint now{};
    Form form;
    std::uint8_t flags = 0; // of the header
    std::span<const Fd> fds;
    std::string_view payload; // parameters, a result, or an error

    const wire::LegacyBody* legacy() const
    {
        const auto* read = std::get_if<const wire::LegacyBody*>(&form);
        return read ? *read : nullptr;
    }

    const wire::NativeBody* native() const
    {
        const auto* read = std::get_if<const wire::NativeBody*>(&form);
        return read ? *read : nullptr;
    }

    /// Its payload stands in shared memory.
    bool is_pooled() const { return native() && native()->tlvs.shared.has_value(); }

    /// A legacy client could not be told it.
    bool needs_native() const { return native() && ((flags & wire::flag::binary) || is_pooled() || !fds.empty()); }
};

struct Message : FromFrame {
    std::uint32_t packet = 0; // the sender's id of it
    std::string_view body;    // the frame's, to be kept for another time

    bool wants_answer = false;
    bool is_unjudgeable = false; // names its method by what is no text: JavaScript would make one of it
    bool to_all = false;
    bool idempotent = false, waits = false, spreads = false;
    TimePoint deadline{};
    std::string_view sticky;
    std::uint32_t parts = 0; // answers with more to come that the caller takes

    std::string_view remote;        // the selector's text
    const Target* target = nullptr; // whom it reaches
    wire::Act act = wire::Act::raw;
    std::string_view method;      // or property, or event; empty: none
    NameNumber method_number = 0; // where a client has said it by number

    /// The call that it is already, where it is routed again: it was parked, or its callee has died.
    std::optional<CallId> resumed;

    std::string_view object() const { return target ? target->object() : std::string_view{}; }
};

/// One callee's answer to a leg.
struct Answer : FromFrame {
    CallEnd end = CallEnd::ok;

    bool has_more() const { return (flags & wire::flag::more) != 0; }
};

} // namespace pandora::hub::core
