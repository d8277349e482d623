#include "supervisor/cli/check.hpp"

#include "procfiles/default_file.hpp"
#include "procfiles/load.hpp"
#include "procfiles/print.hpp"
#include "supervisor/cli/hub_fields.hpp"
#include "supervisor/cli/output.hpp"

#include <algorithm>
#include <iostream>
#include <utility>

namespace pandora::supervisor::cli {

namespace {

using procfiles::EnvironmentValues;
using procfiles::Problem;
using procfiles::Severity;

/// What reading the files came to: the warnings, and the model as text if it was asked for; or the errors.
struct Verdict {
    std::vector<Problem> problems;
    std::string model;
};

const char* word(Severity severity)
{
    switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    }
    return "";
}

bool is_error(const Problem& problem) { return problem.severity == Severity::error; }

bool ok(const std::vector<Problem>& problems) { return std::ranges::none_of(problems, is_error); }

Verdict judge(const CheckOptions& options, const Obstacles& obstacles)
{
    const auto& files = options.files;
    try {
        procfiles::Loaded loaded =
            procfiles::load(files.empty() ? std::vector{procfiles::default_file()} : files,
                            {.strict = options.strict, .env_files = options.env_files, .run_commands = options.print});
        for (Problem& problem : obstacles(loaded)) {
            if (loaded.strict) problem.severity = Severity::error;
            loaded.warnings.push_back(std::move(problem));
        }
        const auto values = options.show_environment ? EnvironmentValues::shown : EnvironmentValues::hidden;
        return {std::move(loaded.warnings), options.print ? procfiles::print(loaded.app, values) : ""};
    } catch (procfiles::LoadError& error) {
        return {std::move(error.problems), ""};
    }
}

} // namespace

std::string problem_line(const Problem& problem)
{
    std::string line = problem.file.string() + ':';
    if (problem.place.line > 0)
        line += std::to_string(problem.place.line) + ':' + std::to_string(problem.place.column) + ':';
    return line + ' ' + word(problem.severity) + ": " + problem.message;
}

std::string problems_json(const std::vector<Problem>& problems)
{
    Json list = Json::array();
    for (const Problem& problem : problems) {
        list.push_back({{"file", problem.file.string()},
                        {"line", problem.place.line},
                        {"column", problem.place.column},
                        {"severity", word(problem.severity)},
                        {"message", problem.message}});
    }
    const Json whole{{"ok", ok(problems)}, {"problems", std::move(list)}};
    return json_text(whole); // a file's name need not be UTF-8: it is shown as well as JSON can
}

int check(const CheckOptions& options, const Obstacles& obstacles)
{
    if (options.json && options.print) {
        std::cerr << "pandora: --json and --print both want standard output; choose one\n";
        return 1;
    }
    const Verdict verdict = judge(options, obstacles);
    if (options.json) {
        cli::print(problems_json(verdict.problems) + "\n");
    } else {
        for (const Problem& problem : verdict.problems) std::cerr << problem_line(problem) << '\n';
        cli::print(verdict.model);
    }
    return ok(verdict.problems) ? 0 : 1;
}

} // namespace pandora::supervisor::cli
