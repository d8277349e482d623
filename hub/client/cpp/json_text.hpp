// JSON as compact text, as Json::dump() writes it. Pure.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <string>

namespace pandora::hub::client {

/// Appends `value`. dump() takes memory three times for whatever it writes, which is most of what a small call costs;
/// here only numbers with a fraction are left to it. Invalid UTF-8 in strings is never refused, for a worker's odd
/// byte must not cost the caller its answer: it is replaced, or (half a surrogate pair, in three bytes) escaped, which
/// not every reader takes.
void append_json(std::string& out, const Json& value);

std::string json_text(const Json& value);

} // namespace pandora::hub::client
