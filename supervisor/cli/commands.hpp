// The command line: its words, and which function each stands for.
#pragma once

#include "procfiles/load.hpp"
#include "procfiles/scalars.hpp"
#include "supervisor/cli/check.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pandora::supervisor::cli {

/// What commands do that are more than a question to a running app: main.cpp says how.
struct Deeds {
    std::function<int(const std::vector<std::filesystem::path>& files, const procfiles::LoadOptions& options)> run;
    Obstacles obstacles; // to running what `check` has found to be right
    std::function<int(const std::filesystem::path& socket, const std::optional<procfiles::Endpoint>& metrics)>
        hub_serve;
    std::function<int(const std::vector<std::string>& arguments)> broker; // the hub process of `pandora run`
    std::filesystem::path runtime_root;                                   // where run directories are
};

/// Does what the arguments say. The exit code: the command's own; 2 after one line on standard error for arguments that
/// make no command. Throws what the command throws.
int perform(int argc, char** argv, const Deeds& deeds);

} // namespace pandora::supervisor::cli
