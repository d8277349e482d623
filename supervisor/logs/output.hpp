// Where the output of a process goes, settled from what the procfile says.
#pragma once

#include "procfiles/spec.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace pandora::supervisor::logs {

/// Where the output of one instance goes: its LogSpec with every path settled.
struct Output {
    std::filesystem::path out_file; // empty = none; the same as err_file unless the streams are separate
    std::filesystem::path err_file;
    procfiles::LogRotation rotation;
    procfiles::LogFormat format = procfiles::LogFormat::text;
    std::optional<std::string> timestamps; // strftime(3), for text
    bool metadata = true;                  // JSON names process and instance
    bool name_in_front = false;            // text: others write to the same file
    bool console = true;
    std::uint32_t tail_lines = 1'000;
};

/// Pure. `process` is one of the app's, `instance` 0-based; `default_directory` is the app's place for logs, absolute.
Output output_of(const procfiles::AppSpec& app, const procfiles::ProcessSpec& process, std::uint32_t instance,
                 const std::filesystem::path& default_directory);

} // namespace pandora::supervisor::logs
