#include "procfiles/problem.hpp"

namespace pandora::procfiles {

std::string describe(const Problem& problem)
{
    std::string text = problem.file.string() + ':';
    if (problem.place.line > 0)
        text += std::to_string(problem.place.line) + ':' + std::to_string(problem.place.column) + ':';
    return text + (problem.severity == Severity::warning ? " warning: " : " ") + problem.message;
}

} // namespace pandora::procfiles
