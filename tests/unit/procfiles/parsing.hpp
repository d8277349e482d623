// Parses procfile texts in tests (no files, a small environment, everything in folder /srv/shop) and prints
// problems.
#pragma once

#include "procfiles/load.hpp"

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

inline AppSpec parsed(std::string_view text) { return parse(text, test_context()); }

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

/// All problems of the text as `LINE:COLUMN: MESSAGE`; empty if there are none.
inline std::vector<std::string> problems_of(std::string_view text)
{
    std::vector<std::string> result;
    try {
        static_cast<void>(parsed(text));
    } catch (const LoadError& error) {
        for (const Problem& problem : error.problems)
            result.push_back(std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column) + ": " +
                             problem.message);
    }
    return result;
}

} // namespace pandora::procfiles
