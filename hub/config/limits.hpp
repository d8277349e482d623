// How much the config topics may hold. Every number is a choice: config is what fits into a human's head, and the hub
// keeps all of it in memory.
#pragma once

#include "hub/wire/limits.hpp"

#include <cstddef>

namespace pandora::hub::config {

/// Bytes of one topic's name. A path of a dozen words.
inline constexpr std::size_t topic_bytes_max = 256;

/// Bytes of one value as compact JSON. Whoever subscribes is sent all of it at each change; NATS' bound of a message.
inline constexpr std::size_t value_bytes_max = 1 * wire::mebibyte;

/// Containers inside containers of a value. The hub passes on no message that is nested deeper than
/// wire::json_depth_max, and an event or an answer puts a few around the value.
inline constexpr std::size_t value_depth_max = 128;

/// Topics that have a value; also those that are known to have subscribers.
inline constexpr std::size_t topics_max = 4096;

/// Bytes of all names and values. A sixteenth of what the hub may hold for its clients.
inline constexpr std::size_t total_bytes_max = 16 * wire::mebibyte;

} // namespace pandora::hub::config
