// What reading a procfile needs of the world, so that the reading itself touches neither files nor the
// environment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pandora::procfiles {

/// Why a file could not be read, as a clause: "No such file or directory".
struct Unreadable {
    std::string reason;
};

using FileText = std::variant<std::string, Unreadable>;

/// The value of an environment variable; nullopt where it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

struct LoadContext {
    std::filesystem::path file;   // as the user named it; stands in front of every problem
    std::filesystem::path folder; // absolute; relative paths in the procfile start here
    Lookup variable;              // for `${NAME}`
    std::function<FileText(const std::filesystem::path&)> read_file; // for `env_file`
    std::uint32_t cpus = 1;                                          // what `replicas: auto` stands for
};

} // namespace pandora::procfiles
