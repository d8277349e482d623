#include "procfiles/load.hpp"

#include "procfiles/bases.hpp"
#include "procfiles/document.hpp"
#include "procfiles/dotenv.hpp"
#include "procfiles/heroku.hpp"
#include "procfiles/keys.hpp"
#include "procfiles/limits.hpp"
#include "procfiles/read_file.hpp"
#include "procfiles/reader.hpp"
#include "procfiles/run_command.hpp"
#include "procfiles/sources.hpp"
#include "procfiles/validate.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <sched.h>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

namespace pandora::procfiles {

namespace {

std::string joined(const std::vector<Problem>& problems)
{
    std::string text;
    for (const Problem& problem : problems) text += (text.empty() ? "" : "\n") + describe(problem);
    return text;
}

/// An anchored block that several aliases use is read for each of them and would report its problems as
/// often.
std::vector<Problem> sorted_once(std::vector<Problem> problems)
{
    const auto key = [](const Problem& problem) {
        return std::tie(problem.place.file, problem.place.line, problem.place.column, problem.message);
    };
    std::sort(problems.begin(), problems.end(), [&](const Problem& a, const Problem& b) { return key(a) < key(b); });
    problems.erase(std::unique(problems.begin(), problems.end()), problems.end());
    return problems;
}

/// The CPUs that this process may use: of a container's, not of the machine's.
std::uint32_t usable_cpus()
{
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::uint32_t>(CPU_COUNT(&set));
    return std::max(std::thread::hardware_concurrency(), 1U); // more CPUs than the set has room for
}

std::optional<std::string> own_variable(std::string_view name)
{
    const char* value = std::getenv(std::string{name}.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
}

/// process-compose's mark, or its name.
bool is_compose(const std::filesystem::path& file, const Node& root)
{
    const std::string name = file.filename().string();
    if (name.starts_with("process-compose") && (name.ends_with(".yml") || name.ends_with(".yaml"))) return true;
    const auto* map = std::get_if<Map>(&root.content);
    const Entry* version = map == nullptr ? nullptr : map->find("version");
    const auto* text = version == nullptr ? nullptr : std::get_if<Scalar>(&version->value->content);
    return text != nullptr && text->text == "0.5";
}

/// The variables of the env files, later ones over earlier ones, without those that the environment has: it wins.
Environment read_dotenv(const LoadContext& context, Sources& sources, std::vector<Problem>& problems)
{
    Environment variables;
    for (const std::filesystem::path& file : context.env_files) {
        const std::size_t number = sources.number_of(file);
        const FileText text = context.read_file(file);
        if (const auto* unreadable = std::get_if<Unreadable>(&text)) {
            problems.push_back({{.file = number}, "cannot be read: " + unreadable->reason});
            continue;
        }
        Dotenv dotenv = parse_dotenv(std::get<std::string>(text));
        for (DotenvProblem& problem : dotenv.problems)
            problems.push_back({{problem.line, 1, number}, std::move(problem.message)});
        for (Variable& variable : dotenv.variables)
            if (!context.variable(variable.name)) variables.push_back(std::move(variable));
    }
    return variables;
}

/// Names the files, makes warnings errors where that was asked for, and throws where there is an error.
Loaded judged(AppSpec app, std::vector<Problem> problems, const std::vector<std::filesystem::path>& names, bool strict)
{
    for (Problem& problem : problems) {
        problem.file = names.at(problem.place.file);
        if (strict) problem.severity = Severity::error;
    }
    problems = sorted_once(std::move(problems));
    const auto is_error = [](const Problem& problem) { return problem.severity == Severity::error; };
    if (std::any_of(problems.begin(), problems.end(), is_error))
        throw LoadError{std::move(problems), std::move(app.name)};
    return {.app = std::move(app), .warnings = std::move(problems), .files = names, .strict = strict};
}

Loaded read_sources(const std::vector<Source>& files, const LoadContext& context)
{
    std::vector<Problem> problems;
    Scope scope{context.variable};
    Sources sources{context, scope, problems};
    for (const Source& file : files) sources.number_of(file.name);
    Environment dotenv = read_dotenv(context, sources, problems);
    scope.add_dotenv(dotenv);

    const Node* root = nullptr;
    bool whole = true;
    for (const Source& file : files) {
        const Node* tree = sources.add(file);
        whole = whole && tree != nullptr;
        if (root != nullptr && tree != nullptr) tree = &sources.merger().merge(*root, *tree);
        if (tree != nullptr) root = tree;
    }
    AppSpec spec;
    bool strict = context.strict;
    if (root != nullptr && whole) {
        const Dialect dialect = is_compose(files.front().name, *root) ? Dialect::compose : Dialect::own;
        Reader reader{context, scope, dialect, problems};
        AppDraft app = read_app(reader, apply_process_extends(reader, sources, *root), std::move(dotenv));
        strict = strict || app.strict;
        spec = std::move(app);
        for (Problem& problem : validate(spec)) problems.push_back(std::move(problem));
    }
    return judged(std::move(spec), std::move(problems), sources.names(), strict);
}

/// Its `.env` wins over the environment, the other way round than in a YAML procfile.
Loaded read_heroku(const Source& file, const LoadContext& context)
{
    std::vector<Problem> problems;
    LoadContext unset = context;
    unset.variable = [](std::string_view) { return std::nullopt; };
    Scope scope{context.variable};
    Sources sources{unset, scope, problems};
    sources.number_of(file.name);
    const Environment dotenv = read_dotenv(unset, sources, problems);
    AppSpec app = heroku_app(file.text, dotenv, context, problems);
    for (Problem& problem : validate(app)) problems.push_back(std::move(problem));
    return judged(std::move(app), std::move(problems), sources.names(), context.strict);
}

/// Files and folders as the system has them.
FileText read_limited(const std::filesystem::path& path) { return read_file(path, file_bytes_max); }

CommandOutput run_briefly(const ShellCommand& command)
{
    return run_command(command, env_command_timeout, text_bytes_max);
}

/// process-compose reads it without being asked, where it was not told which files to read.
std::optional<std::filesystem::path> override_of(const std::vector<std::filesystem::path>& files)
{
    const std::filesystem::path name = files.front().filename();
    if (files.size() > 1 || (name != "process-compose.yml" && name != "process-compose.yaml")) return std::nullopt;
    for (const char* over : {"process-compose.override.yml", "process-compose.override.yaml"}) {
        std::error_code ignored;
        const auto path = files.front().parent_path() / over;
        if (std::filesystem::exists(path, ignored)) return path;
    }
    return std::nullopt;
}

std::vector<Source> read_all(const std::vector<std::filesystem::path>& files)
{
    std::vector<Source> sources;
    std::vector<Problem> problems;
    for (const std::filesystem::path& file : files) {
        std::error_code error;
        const auto absolute = std::filesystem::absolute(file, error).lexically_normal();
        FileText text = error ? FileText{Unreadable{error.message()}} : read_limited(file);
        if (const auto* unreadable = std::get_if<Unreadable>(&text))
            problems.push_back({.message = "cannot be read: " + unreadable->reason, .file = file});
        else
            sources.push_back({file, absolute, std::get<std::string>(std::move(text))});
    }
    if (!problems.empty()) throw LoadError{std::move(problems)};
    return sources;
}

std::vector<std::filesystem::path> env_files_of(const LoadOptions& options, const std::filesystem::path& folder)
{
    std::error_code ignored;
    std::vector<std::filesystem::path> files;
    for (const auto& file : options.env_files) files.push_back(std::filesystem::absolute(file, ignored));
    const auto dotenv = folder / ".env";
    if (files.empty() && options.dotenv && std::filesystem::exists(dotenv, ignored)) files.push_back(dotenv);
    return files;
}

} // namespace

LoadError::LoadError(std::vector<Problem> found, std::string app_name)
    : std::runtime_error{joined(found)}, problems{std::move(found)}, app{std::move(app_name)}
{}

Loaded parse(std::string_view text, const LoadContext& context)
{
    const auto path = (context.folder / context.file.filename()).lexically_normal();
    return read_sources({{context.file, path, std::string{text}}}, context);
}

Loaded load(const std::vector<std::filesystem::path>& files, const LoadOptions& options)
{
    assert(!files.empty());
    std::vector<std::filesystem::path> all = files;
    if (auto over = override_of(files)) all.push_back(*std::move(over));
    const std::vector<Source> sources = read_all(all);
    LoadContext context{.file = files.front(),
                        .folder = sources.front().path.parent_path(),
                        .variable = own_variable,
                        .read_file = read_limited,
                        .cpus = usable_cpus(),
                        .strict = options.strict};
    context.env_files = env_files_of(options, context.folder);
    if (options.run_commands) context.run_command = run_briefly;
    if (!is_heroku_procfile(files.front())) return read_sources(sources, context);
    if (files.size() > 1)
        throw LoadError{
            {{.message = "a Heroku Procfile stands alone: it cannot be merged with others", .file = files[1]}}};
    return read_heroku(sources.front(), context);
}

} // namespace pandora::procfiles
