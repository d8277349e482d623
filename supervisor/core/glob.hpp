// Patterns of file paths, as shells and build tools have them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pandora::supervisor::core {

/// One pattern, ready to match. `*` is any text within a name, `?` one character of it, `[a-z]` one of a set (`[!a-z]`
/// or `[^a-z]`: none of it), `{a,b}` either text, `**` as a whole name any number of folders, also none; `\` takes the
/// next character as it is. A pattern with a `/` matches a whole relative path, one without matches the last name
/// alone, wherever it is: what process-compose's `watch` does. A set or brace that is not closed stands for itself.
/// Matching takes time proportional to pattern times path, whatever the pattern.
class Glob {
public:
    explicit Glob(std::string_view pattern);

    /// `path` is relative, with `/` between names.
    bool matches(std::string_view path) const;

private:
    /// Of one way to read the braces: the names between slashes.
    struct Reading {
        std::vector<std::string> names;
        bool whole_path = false;
    };

    std::vector<Reading> readings_;
};

} // namespace pandora::supervisor::core
