// Single values of JSON: what a raw slice that a JsonReader has handed out stands for, and a text as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pandora::hub::wire {

/// What a condition of JavaScript makes of a value; an absent one (empty slice) is false.
bool truthy(std::string_view raw);

/// The number that a raw JSON number stands for; nullopt for any other kind of value, and out of double's
/// range.
std::optional<double> number_of(std::string_view raw);

/// What the raw inside of a string stands for: itself where nothing is escaped, else `scratch`, which holds it then.
std::string_view plain(std::string_view inner, std::string& scratch);

/// The same of a raw string with its quotes; empty for any other kind of value.
std::string_view text_of(std::string_view raw, std::string& scratch);

/// The text of a raw string without its quotes. A lone surrogate becomes three bytes as if it were a
/// character, so that different raw texts of equal strings, and only those, become equal. `inner` must be
/// validated; `out` loses what it held.
void unescape(std::string_view inner, std::string& out);

/// Appends `text` as a JSON string with quotes, valid whatever `text` is: half a pair of surrogates, as unescape()
/// makes it, becomes its escape again, and every other byte that is no UTF-8 the replacement character.
void append_json_string(std::string& out, std::string_view text);

} // namespace pandora::hub::wire
