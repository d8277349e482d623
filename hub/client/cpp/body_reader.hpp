// Reads the JSON of frame bodies that other clients have written. Pure.
//
// The hub forwards whatever is legal JSON, and that is more than our JSON library takes; and the library's own way to
// an ordered object compares each key with all before it, so that a frame of a megabyte could hold up its reader for
// seconds. Here the time is that of sorting the keys at most, whatever a frame holds.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pandora::hub::client {

/// The value that `text` stands for. Of members that come twice the last value counts, at the place of the first, as in
/// JavaScript. Halves of surrogate pairs, which are legal escapes and no text, become U+FFFD. nullopt where it is no
/// JSON, nests deeper than `nesting_max`, or holds a number that no double can.
std::optional<Json> read_body(std::string_view text, std::size_t nesting_max);

/// Of a body that read_body() cannot read: the packet id that it answers. The hub begins every answer alike.
std::optional<std::uint32_t> answered_by(std::string_view unreadable);

/// Of a body that read_body() cannot read: whether it is a message whose sender waits for an answer, as far as that can
/// be told. An answer too much is dropped by the hub; one too few leaves a caller to its timeout.
bool expects_answer(std::string_view unreadable);

} // namespace pandora::hub::client
