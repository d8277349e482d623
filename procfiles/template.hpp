// The part of Go's template language that procfiles use: `{{.NAME}}`, `{{or .A "b"}}`, `{{if
// .A}}...{{else}}...{{end}}`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::procfiles {

/// The value of a template variable; nullopt where there is none of that name.
using TemplateLookup = std::function<std::optional<std::string>(std::string_view name)>;

struct Rendering {
    std::string text;
    std::string fault;        // what cannot be rendered, as a clause; empty = nothing
    bool per_replica = false; // the text holds replica_marker
};

/// Replaces the actions of `text`: `.NAME`; texts in double quotes or backquotes; numbers; `or`, `and`, `not`, `eq`
/// and `ne` of those; `if`, `else if`, `else`, `end`; comments; `{{-` and `-}}` that take the blanks beside them.
/// What is empty, `false` or `0` counts as false. `.PC_REPLICA_NUM`, standing alone, becomes replica_marker. With a
/// fault the text is given back as it was. Linear in the text and the values.
Rendering render(std::string_view text, const TemplateLookup& variable);

} // namespace pandora::procfiles
