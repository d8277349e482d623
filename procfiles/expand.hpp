// Puts environment variables into the texts of a procfile.
#pragma once

#include "procfiles/load_context.hpp"

#include <string>
#include <string_view>

namespace pandora::procfiles {

/// Replaces `${NAME}` by the variable's value (nothing if it is not set), `${NAME:-DEFAULT}` by DEFAULT where
/// the value is unset or empty (DEFAULT may hold further `${...}`), and `$$` by `$`. Values are not expanded
/// again. All else stays for the shell: `$NAME`, `$(...)`, `${NAME%suffix}`, a brace that is never closed.
/// Linear in the length of the text and the values. No errors.
std::string expand(std::string_view text, const Lookup& variable);

/// The first name that expand() replaces by nothing: of a variable that is not set, or empty, and has no default there.
/// Empty where there is none.
std::string first_unset(std::string_view text, const Lookup& variable);

} // namespace pandora::procfiles
