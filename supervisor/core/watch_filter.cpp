#include "supervisor/core/watch_filter.hpp"

#include <algorithm>

namespace pandora::supervisor::core {

namespace {

/// The first three lines are the names that process-compose leaves out, so that its files restart what they do there.
/// The rest is what editors put next to a file while they save it: vim writes 4913 to see whether it may.
constexpr std::string_view left_out_by_default[] = {
    "{.git,.hg,.svn,.idea,.vscode,node_modules,vendor,target,dist,build,bin,result}",
    "{.venv,venv,__pycache__,.mypy_cache,.pytest_cache,.next,.nuxt,.terraform,.gradle,.direnv}",
    "{*.log,*.log.gz,.DS_Store}",
    "{*.swp,*.swo,*.swx,4913,*~,.#*,#*#,.*.tmp}",
};

bool any_matches(const std::vector<Glob>& globs, std::string_view path)
{
    return std::any_of(globs.begin(), globs.end(), [&](const Glob& glob) { return glob.matches(path); });
}

} // namespace

WatchFilter::WatchFilter(const procfiles::WatchedPath& rule, bool default_excludes)
    : include_(rule.include.begin(), rule.include.end()), exclude_(rule.exclude.begin(), rule.exclude.end())
{
    if (!default_excludes) return;
    for (const auto names : left_out_by_default) exclude_.emplace_back(names);
}

bool WatchFilter::excluded(std::string_view path) const { return any_matches(exclude_, path); }

bool WatchFilter::wants_file(std::string_view path) const
{
    return (include_.empty() || any_matches(include_, path)) && !excluded(path);
}

bool WatchFilter::wants_folder(std::string_view path) const { return !excluded(path); }

} // namespace pandora::supervisor::core
