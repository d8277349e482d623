// Reads Heroku's Procfile, `NAME: COMMAND` a line, as foreman and honcho run it on one machine.
#pragma once

#include "procfiles/load_context.hpp"
#include "procfiles/problem.hpp"
#include "procfiles/spec.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::procfiles {

/// By its name: `Procfile` and `Procfile.dev` are Heroku's, unless the name ends in .yml or .yaml.
bool is_heroku_procfile(const std::filesystem::path& file);

struct HerokuProcess {
    std::string name;
    std::string command; // for /bin/sh; `$NAME` is the shell's to expand
    Place place;
    bool operator==(const HerokuProcess&) const = default;
};

/// The processes of the text, in its order. Blank lines and those that start with `#` are skipped; every other line
/// that is no `NAME: COMMAND` adds to `problems`, as a bad name and one given twice do. Pure.
std::vector<HerokuProcess> parse_heroku(std::string_view text, std::vector<Problem>& problems);

/// The app of a Procfile. Pure but for `context.variable` (PORT). What people know from Heroku and foreman:
///   - `dotenv`, the variables of `.env` or of the env files that were asked for, is every process' environment
///     and wins over pandora's own, the other way round than in a process-compose file;
///   - PORT is 5000 + 100 for each process above it + the replica's number; PORT in `dotenv`, else in pandora's own
///     environment, stands in for 5000;
///   - the first process to end ends all others, and the app, with its exit code; nothing is restarted;
///   - `release` is a task: it runs first, and the others start once it has succeeded.
/// Adds what is wrong with the text to `problems`, as validate() does not for places of other files.
AppSpec heroku_app(std::string_view text, const Environment& dotenv, const LoadContext& context,
                   std::vector<Problem>& problems);

} // namespace pandora::procfiles
