// `pandora check`: what is wrong in a procfile, told without starting anything.
#pragma once

#include "procfiles/load.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace pandora::supervisor::cli {

struct CheckOptions {
    std::vector<std::filesystem::path> files;     // read as one, later ones win; none = procfiles::default_file()
    bool strict = false;                          // what a process-compose file is warned of is an error
    bool json = false;                            // the problems as JSON, on standard output
    bool print = false;                           // what a right procfile comes to, as YAML, on standard output
    bool show_environment = false;                // with the values of environment variables: they may be secrets
    std::vector<std::filesystem::path> env_files; // instead of `.env`
};

/// What stands against running what is loaded on this machine: warnings.
using Obstacles = std::function<std::vector<procfiles::Problem>(const procfiles::Loaded& loaded)>;

/// Reads and checks the procfiles. Problems are lines on standard error, `FILE:LINE:COLUMN: error: MESSAGE` (or
/// `warning`), without line and column where the file as a whole is meant. The exit code: 0 where there is no
/// error, else 1. Runs nothing that the files name, but for `print` the commands of `env_cmds`. Throws
/// std::runtime_error, in one line, where standard output cannot be written.
int check(const CheckOptions& options, const Obstacles& obstacles);

/// One line, without a line end.
std::string problem_line(const procfiles::Problem& problem);

/// {"ok": no error among them, "problems": [{"file", "line", "column", "severity", "message"}]}, on one line; line
/// and column are 0 where the file as a whole is meant.
std::string problems_json(const std::vector<procfiles::Problem>& problems);

} // namespace pandora::supervisor::cli
