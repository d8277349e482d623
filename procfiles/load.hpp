// Reads a procfile: YAML text in, AppSpec or all problems of the file out.
#pragma once

#include "procfiles/load_context.hpp"
#include "procfiles/problem.hpp"
#include "procfiles/spec.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::procfiles {

/// Procfiles that cannot be used. what() has one line a problem, as describe() puts it, joined by newlines.
struct LoadError : std::runtime_error {
    /// `found` is not empty, each problem once, sorted by file and place; at least one is an error.
    explicit LoadError(std::vector<Problem> found, std::string app_name = {});

    std::vector<Problem> problems; // the warnings, too
    std::string app;               // its name; empty where the files could not be read as far as that
};

struct LoadOptions {
    bool strict = false;                          // what a process-compose file is warned of is an error
    std::vector<std::filesystem::path> env_files; // for `${NAME}` and every process, instead of `.env`
    bool dotenv = true;                           // read `.env` beside the first file, where there is one
    bool run_commands = true;                     // run `env_cmds`; without, their variables stay unset
};

struct Loaded {
    AppSpec app;
    std::vector<Problem> warnings;            // sorted by file and place
    std::vector<std::filesystem::path> files; // as the user named them, by Place::file
    bool strict = false;                      // by the options or `is_strict`: what would be a warning is an error
};

/// Reads the procfiles, never none, as one: later files win over earlier ones. Relative paths in all of them start
/// at the folder of the first. Throws LoadError with every problem of all files. Reads this process' environment
/// for `${NAME}`: call it where nobody changes that meanwhile. Blocks while it reads files and runs `env_cmds`.
Loaded load(const std::vector<std::filesystem::path>& files, const LoadOptions& options = {});

/// The same for one text that is already here; all that it needs of the world comes from `context`. Throws
/// LoadError.
Loaded parse(std::string_view text, const LoadContext& context);

} // namespace pandora::procfiles
