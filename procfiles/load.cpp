#include "procfiles/load.hpp"

#include "procfiles/document.hpp"
#include "procfiles/keys.hpp"
#include "procfiles/limits.hpp"
#include "procfiles/read_file.hpp"
#include "procfiles/reader.hpp"
#include "procfiles/validate.hpp"

#include <algorithm>
#include <cstdlib>
#include <sched.h>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace pandora::procfiles {

namespace {

std::string joined(const std::filesystem::path& file, const std::vector<Problem>& problems)
{
    std::string text;
    for (const Problem& problem : problems) {
        if (!text.empty()) text += '\n';
        text += file.string() + ':';
        if (problem.place.line > 0)
            text += std::to_string(problem.place.line) + ':' + std::to_string(problem.place.column) + ':';
        text += ' ' + problem.message;
    }
    return text;
}

/// An anchored block that several aliases use is read for each of them and would report its problems as
/// often.
std::vector<Problem> sorted_once(std::vector<Problem> problems)
{
    std::sort(problems.begin(), problems.end());
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

[[noreturn]] void fail(const std::filesystem::path& file, std::string message)
{
    throw LoadError{file, {Problem{{}, std::move(message)}}};
}

} // namespace

LoadError::LoadError(std::filesystem::path in, std::vector<Problem> found)
    : std::runtime_error{joined(in, found)}, file{std::move(in)}, problems{std::move(found)}
{}

AppSpec parse(std::string_view text, const LoadContext& context)
{
    std::vector<Problem> problems;
    AppSpec app;
    if (const auto document = read_document(text, problems)) {
        Reader reader{context, problems};
        app = read_app(reader, document->root());
        for (Problem& problem : validate(app)) problems.push_back(std::move(problem));
    }
    if (!problems.empty()) throw LoadError{context.file, sorted_once(std::move(problems))};
    return app;
}

AppSpec load(const std::filesystem::path& file)
{
    std::error_code error;
    const std::filesystem::path absolute = std::filesystem::absolute(file, error).lexically_normal();
    if (error) fail(file, "cannot be read: " + error.message());
    const auto read_limited = [](const std::filesystem::path& path) { return read_file(path, file_bytes_max); };
    const FileText text = read_limited(file);
    if (const auto* unreadable = std::get_if<Unreadable>(&text)) fail(file, "cannot be read: " + unreadable->reason);
    return parse(std::get<std::string>(text), {.file = file,
                                               .folder = absolute.parent_path(),
                                               .variable = own_variable,
                                               .read_file = read_limited,
                                               .cpus = usable_cpus()});
}

} // namespace pandora::procfiles
