// What reading a procfile needs of the world, so that the reading itself touches neither files nor the
// environment.
#pragma once

#include "procfiles/spec.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pandora::procfiles {

/// Why a file could not be read, as a clause: "No such file or directory".
struct Unreadable {
    std::string reason;
    bool operator==(const Unreadable&) const = default;
};

using FileText = std::variant<std::string, Unreadable>;

/// The value of an environment variable; nullopt where it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// Why a command gave no value, as a clause: "it ended with code 1".
struct CommandFailed {
    std::string reason;
};

using CommandOutput = std::variant<std::string, CommandFailed>;

struct LoadContext {
    std::filesystem::path file;   // as the user named it; stands in front of every problem
    std::filesystem::path folder; // absolute; relative paths in the procfile start here
    Lookup variable;              // for `${NAME}`
    std::function<FileText(const std::filesystem::path&)> read_file; // for `env_file` and `extends`
    std::uint32_t cpus = 1;                                          // what `replicas: auto` stands for
    bool strict = false;                                             // every warning is an error
    std::vector<std::filesystem::path> env_files;                    // absolute: `.env`, or those the caller named

    /// Runs a command of `env_cmds` to its end; empty = they are not run, and their variables stay unset.
    std::function<CommandOutput(const ShellCommand&)> run_command;
};

} // namespace pandora::procfiles
