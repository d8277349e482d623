// Parses procfile texts in tests (no files, a small environment, everything in folder /srv/shop) and prints
// problems.
#pragma once

#include "procfiles/load.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::procfiles {

inline void PrintTo(const Place& place, std::ostream* out) { *out << place.line << ':' << place.column; }

inline void PrintTo(const Problem& problem, std::ostream* out)
{
    PrintTo(problem.place, out);
    *out << ": " << problem.message;
}

inline LoadContext test_context()
{
    LoadContext context;
    context.file = "shop.yml";
    context.folder = "/srv/shop";
    context.cpus = 6;
    context.variable = [](std::string_view name) -> std::optional<std::string> {
        static const std::map<std::string, std::string, std::less<>> variables{
            {"COUNT", "3"}, {"EMPTY", ""}, {"WORD", "always"}};
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    };
    context.read_file = [](const std::filesystem::path& path) -> FileText {
        static const std::map<std::string, std::string> files{{"/srv/shop/.env", "A=file\nB=file\n"},
                                                              {"/srv/shop/more.env", "B=more\n"},
                                                              {"/srv/shop/bad.env", "A=1\ntop secret\nB='x\n"}};
        const auto found = files.find(path.string());
        if (found == files.end()) return Unreadable{"No such file or directory"};
        return found->second;
    };
    return context;
}

/// The file has the name by which process-compose's are known.
inline LoadContext compose_context()
{
    LoadContext context = test_context();
    context.file = "process-compose.yml";
    return context;
}

inline Loaded parsed_compose(std::string_view text) { return parse(text, compose_context()); }

/// Each as `LINE:COLUMN: MESSAGE`, with the file before where it is not the first.
inline std::vector<std::string> texts_of(const std::vector<Problem>& problems)
{
    std::vector<std::string> result;
    for (const Problem& problem : problems)
        result.push_back((problem.place.file == 0 ? "" : problem.file.string() + ":") +
                         std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column) + ": " +
                         problem.message);
    return result;
}

/// All problems that make the text unfit; empty if there are none.
inline std::vector<std::string> problems_of(std::string_view text, const LoadContext& context)
{
    try {
        static_cast<void>(parse(text, context));
    } catch (const LoadError& error) {
        return texts_of(error.problems);
    }
    return {};
}

inline AppSpec parsed(std::string_view text) { return parse(text, test_context()).app; }

/// The procfile with one process `p`, a list of lines that stand under it.
inline std::string with_process(std::string_view lines)
{
    std::string text = "processes:\n  p:\n    command: run\n";
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        text += "    " + std::string{lines.substr(at, end - at)} + "\n";
        at = end + 1;
    }
    return text;
}

/// The process that those lines make; its lines count from 4, its columns from 5.
inline ProcessSpec parsed_process(std::string_view lines) { return parsed(with_process(lines)).processes.at(0); }

inline std::vector<std::string> problems_of(std::string_view text) { return problems_of(text, test_context()); }

} // namespace pandora::procfiles
