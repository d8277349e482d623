// Reads a procfile: YAML text in, AppSpec or all problems of the file out.
#pragma once

#include "procfiles/load_context.hpp"
#include "procfiles/problem.hpp"
#include "procfiles/spec.hpp"

#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace pandora::procfiles {

/// A procfile that cannot be used. what() has one line a problem, `FILE:LINE:COLUMN: MESSAGE`, joined by
/// newlines; a problem of the file as a whole is `FILE: MESSAGE`.
struct LoadError : std::runtime_error {
    /// `found` is sorted by place, each problem once, and not empty.
    LoadError(std::filesystem::path in, std::vector<Problem> found);

    std::filesystem::path file; // as the user named it
    std::vector<Problem> problems;
};

/// Reads and checks the procfile at `file`, with this process' environment for `${NAME}`.
/// Throws LoadError with every problem of the file. Reads the environment: call it where nobody changes that
/// meanwhile.
AppSpec load(const std::filesystem::path& file);

/// The same for a text that is already here; all that it needs of the world comes from `context`. Throws
/// LoadError.
AppSpec parse(std::string_view text, const LoadContext& context);

} // namespace pandora::procfiles
