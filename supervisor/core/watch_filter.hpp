// Which changed files are worth a restart.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/core/glob.hpp"

#include <string_view>
#include <vector>

namespace pandora::supervisor::core {

/// The rule of one watched folder. Paths are relative to it, with `/` between names; see Glob for the patterns.
/// A file counts if it matches an `include` (or there is none) and no `exclude`; nothing below a folder that matches an
/// `exclude` counts, so that folder need not be looked into.
class WatchFilter {
public:
    /// `default_excludes`: also leave out what version control, package managers, builds and editors write.
    WatchFilter(const procfiles::WatchedPath& rule, bool default_excludes);

    /// Of a file, in a folder that counts.
    bool wants_file(std::string_view path) const;

    /// Of a folder in one that counts. The watched folder itself always does.
    bool wants_folder(std::string_view path) const;

private:
    bool excluded(std::string_view path) const;

    std::vector<Glob> include_;
    std::vector<Glob> exclude_;
};

} // namespace pandora::supervisor::core
